import Configuration
import Interchange
import Testing

struct NNIConfigListTests {
  private static let convolutions = ["a", "b", "c"]
  private static let identities =
    convolutions.map { LayerIdentity(name: $0, opType: "Conv", weight: $0 + ".weight") }
    + [LayerIdentity(name: "fc", opType: "Gemm", weight: "fc.weight")]

  /// What the layers a, b, c and fc come to.
  private static func policies(_ text: String) throws -> [LayerPolicy] {
    let rules = try Sample.search(Sample.demand(text, .nni)).ruleList
    return try rules.selection(of: identities, isTargetGiven: false).policies
  }

  @Test func `a list of version 2 is taken as it is`() throws {
    let text =
      #"[{"op_types":["Conv2d"],"total_sparsity":0.8,"max_sparsity_per_layer":0.9},{"op_names":["a"],"exclude":true}]"#
    let demand = try Sample.demand(text, .nni)
    #expect(demand.rules.map(\.action) == [.total(sparsity: 0.8, maxSparsity: 0.9), .exclude])
    #expect(try Sample.demand(demand.text(in: .nni).text, .nni).rules == demand.rules)
  }

  @Test(arguments: [
    (
      #"[{"op_types":["Conv2d"],"sparse_ratio":0.8}]"#,
      [LayerPolicy.fixed(sparsity: 0.8), .fixed(sparsity: 0.8), .fixed(sparsity: 0.8), .excluded]
    ),
    (
      #"[{"op_types":["Conv2d","Linear"],"target_names":["weight"],"target_settings":{"weight":{"sparse_ratio":0.5,"granularity":"out_channel"}},"exclude_op_names":["b"]}]"#,
      [.fixed(sparsity: 0.5), .excluded, .fixed(sparsity: 0.5), .fixed(sparsity: 0.5)]
    ),
    (
      #"[{"op_types":["default"],"exclude_op_types":["Linear"],"sparse_ratio":0.5}]"#,
      [.fixed(sparsity: 0.5), .fixed(sparsity: 0.5), .fixed(sparsity: 0.5), .excluded]
    ),
    (
      #"[{"op_names":["a","b"],"exclude_op_names":["b"],"sparse_ratio":0.5}]"#,
      [.fixed(sparsity: 0.5), .excluded, .excluded, .excluded]
    ),
    (
      #"[{"op_names":["b"],"sparse_ratio":0.25},{"op_types":["Conv2d"],"exclude_op_names":["b","c"],"sparse_ratio":0.5}]"#,
      [.fixed(sparsity: 0.5), .fixed(sparsity: 0.25), .excluded, .excluded]
    ),
    (
      #"[{"op_names":["a","b"],"sparse_ratio":0.8,"max_sparse_ratio":0.9,"global_group_id":"g"}]"#,
      [.total(position: 0), .total(position: 0), .excluded, .excluded]
    ),
  ])
  func `a list of version 3 means the same for every layer`(_ text: String, _ expected: [LayerPolicy]) throws {
    // ConvTranspose has no layer here; of the default types those that the network has are left.
    let policies = try Self.policies(text.replacing(#""default""#, with: #""Conv2d","Linear""#))
    #expect(policies == expected)
  }

  @Test func `default without a type is written as the rest`() throws {
    let demand = try Sample.demand(
      #"[{"op_types":["default"],"exclude_op_types":["Linear"],"sparse_ratio":0.5}]"#, .nni)
    #expect(demand.rules.map(\.opTypes) == [["Conv", "ConvTranspose"]])
  }

  @Test func `a limit alone is one of a search`() throws {
    let demand = try Sample.demand(#"[{"op_types":["Conv2d"],"max_sparse_ratio":0.9}]"#, .nni)
    #expect(demand.rules.map(\.action) == [.search(maxSparsity: 0.9)])
    #expect(try demand.text(in: .config).remarks.contains { $0.contains("add \"target\"") })
    #expect { try demand.text(in: .nni) } throws: { "\($0)".contains("holds no ratios") }
  }

  @Test(arguments: [
    ("[]", "at least one entry"), ("{}", "\"config_list\" is missing"), ("[1]", "$[0]"),
    (#"[{"sparse_ratio":0.5}]"#, "selects no layers"),
    (#"[{"op_names_re":["a.*"],"sparse_ratio":0.5}]"#, "regular expressions are not supported"),
    (#"[{"op_types":["Conv2d"],"exclude_op_names_re":["a"]}]"#, "regular expressions"),
    (#"[{"op_types":["Conv2D"],"sparse_ratio":0.5}]"#, "did you mean \"Conv2d\"?"),
    (#"[{"op_types":["Conv2d"],"sparse_ratio":1}]"#, "less than 1"),
    (#"[{"op_types":["Conv2d"],"sparse_ratio":0.5,"max_sparse_ratio":0.4}]"#, "cannot be reached"),
    (#"[{"op_types":["Conv2d"],"min_sparse_ratio":0.4}]"#, "nothing to do"),
    (#"[{"op_types":["Conv2d"],"sparse_ratio":0.5,"granularity":"in_channel"}]"#, "out_channel"),
    (#"[{"op_types":["Conv2d"],"sparse_ratio":0.5,"granularity":[4,4]}]"#, "out_channel"),
    (#"[{"op_types":["Conv2d"],"sparse_ratio":0.5},{"op_types":["Linear"],"sparsity":0.5}]"#, "version 2"),
    (#"[{"op_types":["Conv2d"],"sparse_rato":0.5}]"#, "sparse_rato"),
    (
      #"[{"op_types":["Conv2d"],"sparse_ratio":0.5},{"op_types":["Conv2d"],"sparse_ratio":0.2,"exclude_op_names":["a"]}]"#,
      "an entry of their own"
    ),
    (
      #"[{"op_names":["a","b"],"sparse_ratio":0.5,"global_group_id":1},{"op_types":["Conv2d"],"sparse_ratio":0.2,"exclude_op_names":["a"]}]"#,
      "one of several layers"
    ),
    (#"[{"op_names":["a"],"exclude_op_names":["a"],"sparse_ratio":0.5}]"#, "all of \"op_names\""),
    (#"[{"op_types":["Conv2d"],"exclude_op_types":["Conv2d"],"sparse_ratio":0.5}]"#, "leaves none"),
    (#"[{"op_names":["a"],"exclude_op_types":["Conv2d"],"sparse_ratio":0.5}]"#, "only the model tells"),
    (#"[{"op_names":["a"],"target_names":["_output_"],"sparse_ratio":0.5}]"#, "\"weight\""),
    (#"[{"op_names":["a"],"target_settings":{"bias":{"sparse_ratio":0.5}}}]"#, "\"weight\""),
    (#"[{"op_names":["a"],"sparsity":1}]"#, "less than 1"),
    (
      #"[{"op_names":["a"],"sparse_ratio":0.5,"global_group_id":1},{"op_names":["b"],"sparse_ratio":0.5,"global_group_id":1}]"#,
      "one entry"
    ),
    (#"[{"op_names":["a"],"sparsity":0.5,"exclude":true}]"#, "exclude each other"),
  ])
  func `a wrong list is told with its place`(_ text: String, _ expected: String) {
    let problem = Sample.problem(text, .nni)
    #expect(problem.contains(expected), "\(problem)")
    #expect(problem.hasPrefix("file: $"), "\(problem)")
  }

  @Test func `settings without a counterpart are told`() throws {
    let text =
      #"[{"op_names":["a"],"target_settings":{"weight":{"sparse_ratio":0.5,"apply_method":"mul","min_sparse_ratio":0.1},"_output_":{"sparse_ratio":0.2}}}]"#
    #expect(try Sample.demand(text, .nni).remarks.count == 3)
  }
}
