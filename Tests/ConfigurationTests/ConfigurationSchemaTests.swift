import Configuration
import Foundation
import ProgramRuns
import SchemaValidation
import Testing

/// The schema says of a configuration what the decoder says.
@Suite struct ConfigurationSchemaTests {
  static let validator = SchemaValidator(ConfigurationSchema.json)

  private static func decoded(_ document: JSONValue) -> SearchConfiguration? {
    try? SearchConfiguration(LocatedJSON(root: document, file: "c.json"), relativeTo: "")
  }

  @Test func `all contexts are right, for the decoder and for the schema`() {
    for context in SchemaContext.all {
      #expect(throws: Never.self, "\(context.text())") {
        _ = try SearchConfiguration(LocatedJSON(root: context, file: "c.json"), relativeTo: "")
      }
      #expect(Self.validator.problem(of: context) == nil, "\(context.text())")
    }
    #expect(SchemaSite.all.count > 200)
  }

  /// In every key each limit and each name is the decoder's.
  @Test(arguments: SchemaSite.all)
  func `a value is wrong for the schema where it is wrong for the decoder`(site: SchemaSite) {
    for value in site.candidates {
      let isAllowed = Self.validator.problem(of: value, by: site.schema) == nil
      var isAccepted = false
      for context in SchemaContext.all {
        let document = site.set(value, in: context)
        guard Self.decoded(document) != nil else { continue }
        isAccepted = true
        let problem = Self.validator.problem(of: document)
        #expect(problem == nil, "the decoder takes \(document.text())")
      }
      // Of a list only the first element is looked at here, and what stands three times may be wrong for other reasons.
      if case .array(let elements) = value, elements.count > 1, isAllowed { continue }
      #expect(isAccepted == isAllowed, "\(value.text())")
    }
  }

  @Test(arguments: SchemaSite.all)
  func `the default of a key changes nothing`(site: SchemaSite) throws {
    guard let value = site.schema["default"] else { return }
    var compared = 0
    for context in SchemaContext.all {
      guard let without = site.removed(from: context), let usual = Self.decoded(without),
        let told = Self.decoded(site.set(value, in: without))
      else { continue }
      #expect(told == usual, "\(value.text()) in \(context.text())")
      compared += 1
    }
    #expect(compared > 0)
  }

  /// The decoder lists the keys that it knows when it meets one that is like none of them.
  @Test func `every key that the decoder knows is in the schema`() throws {
    for site in SchemaSite.all where site.isObject {
      let known = Self.keys(of: site)
      guard let context = SchemaContext.all.first(where: { site.value(in: $0) != nil })
      else {
        Issue.record("no context has \(site.testDescription)")
        continue
      }
      let document = site.set(["no such key of any tool": 1], in: context)
      let error = #expect(throws: ConfigurationError.self, "\(site.testDescription)") {
        _ = try SearchConfiguration(LocatedJSON(root: document, file: "c.json"), relativeTo: "")
      }
      let told = (error?.problem.split(separator: "known here: ").last ?? "").split(separator: ", ")
      #expect(told.map { $0.trimmingCharacters(in: ["\""]) } == known, "\(site.testDescription)")
    }
  }

  private static func keys(of site: SchemaSite) -> [String] {
    guard case .object(let properties)? = site.definition["properties"] else { return [] }
    return properties.members.map(\.key)
  }

  @Test(
    arguments: WrongConfiguration.ofRoot + WrongConfiguration.ofCalibration + WrongConfiguration.ofSettings
      + WrongConfiguration.ofRepair + WrongConfiguration.ofEvaluation + WrongConfiguration.ofEntries)
  func `what is wrong by its shape is wrong for the schema`(wrong: WrongConfiguration) throws {
    guard let document = try? JSONValue(parsing: Array(wrong.text.utf8), file: "c.json") else { return }
    let isBeyond = Self.beyondSchema.contains { wrong.error.contains($0) }
    #expect((Self.validator.problem(of: document) == nil) == isBeyond, "\(wrong.error)")
  }

  /// What the schema leaves to the decoder: what keys of other objects ask for, the form of a text, names that another key
  /// gives, and numbers that do not go together.
  private static let beyondSchema = [
    "needs samples", "nothing says how much to prune", "limits a search, but there is no", "cannot hold the character",
    "is not expanded", "an array after the colon", #"inputs: the key "file" is missing"#, "inputs.arrray",
    "an .npy file holds one array", #""mean" is for 2 channels"#, #"the name of an input given in "inputs""#,
    "without labels use", "the losses of widths in $.bits.search", #"$.solver: "external""#, "which the loss",
    "cannot be reached",
  ]

  /// Keys of an object that depend on each other, with some of their values; an empty text leaves the key out.
  private static let dependents: [(object: String, keys: [(name: String, values: [String])])] = [
    (
      "sensitivity",
      [
        ("order", ["", "1", "2"]), ("set_loss", ["", #""additive""#, #""joint""#, #""logits""#]),
        ("curvature", ["", #""fisher""#, #""gauss_newton""#]), ("curvature_labels", ["", #""drawn""#, #""ranked""#]),
        ("draws", ["", "3"]), ("classes", ["", "5"]), ("damping", ["", "0"]), ("first_order", ["", "false"]),
        ("reduction", ["", #""abs_mean""#]),
      ]
    ),
    (
      "sensitivity",
      [
        ("method", ["", #""taylor""#, #""fisher""#, #""snip""#]), ("order", ["", "1", "2"]),
        ("reduction", ["", #""mean_square""#, #""weight_abs""#]), ("level", ["", #""batch""#, #""sample""#]),
        ("group_reduction", ["", #""sum""#, #""sum_abs""#]),
        ("site", ["", #""producer""#, #""consumer""#, #""members""#]),
      ]
    ),
    (
      "sensitivity",
      [
        ("method", [#""external""#, #""taylor""#]), ("command", ["", #"["c"]"#]),
        ("unit", ["", #""score""#, #""loss""#]), ("normalization", ["", #""none""#, #""mean""#]),
      ]
    ),
    (
      "solver",
      [
        ("method", ["", #""greedy""#, #""measured""#, #""external""#]), ("command", ["", #"["c"]"#]),
        ("iterations", ["", "1", "2"]), ("robust", ["", "false", "true"]), ("channel_multiple", ["", "1", "8"]),
        ("channel_widths", ["", "[8, 16]"]),
      ]
    ),
  ]

  /// The object's own rules are the whole of what the decoder asks of such keys.
  @Test(arguments: dependents.indices)
  func `keys go together for the schema as they do for the decoder`(_ index: Int) throws {
    let (object, keys) = Self.dependents[index]
    let texts = keys.reduce([""]) { texts, key in
      texts.flatMap { text in
        key.values.map { $0.isEmpty ? text : "\(text)\(text.isEmpty ? "" : ", ")\"\(key.name)\": \($0)" }
      }
    }
    var verdicts: Set<Bool> = []
    for text in texts {
      let value = try JSONValue(parsing: Array("{\(text)}".utf8), file: "c.json")
      let document = try JSONValue(parsing: Array(minimal(#", "\#(object)": {\#(text)}"#).utf8), file: "c.json")
      let definition = try #require(ConfigurationSchema.json["$defs"]?[object])
      let isDecoded = Self.decoded(document) != nil
      #expect((Self.validator.problem(of: value, by: definition) == nil) == isDecoded, "\(text)")
      verdicts.insert(isDecoded)
    }
    #expect(verdicts.count == 2)
  }

  @Test func `what a key means is said with the order that it goes with`() throws {
    let keys = try #require(ConfigurationSchema.json["$defs"]?["sensitivity"]?["properties"])
    for (order, names) in [
      (1, ["reduction", "level", "group_reduction", "site"]), (2, ["damping", "draws", "classes"]),
    ] {
      for name in names {
        guard case .string(let text)? = keys[name]?["description"] else {
          Issue.record("\(name) has no description")
          continue
        }
        #expect(text.contains("With `taylor` of `\"order\": \(order)`"), "\(text)")
      }
    }
  }

  @Test func `a schema checker of its own takes the schema, and gives the same verdicts`() throws {
    guard let python = PythonPeer.jsonschema else { return }
    let folder = try TemporaryFolder()
    var documents = SchemaContext.all
    let wrong = WrongConfiguration.ofCalibration + WrongConfiguration.ofSettings + WrongConfiguration.ofEntries
    documents += wrong.compactMap { try? JSONValue(parsing: Array($0.text.utf8), file: "c.json") }
    let schema = try folder.write(Data(ConfigurationSchema.json.text().utf8), as: "schema.json")
    let list = try folder.write(Data(JSONValue.array(documents).text().utf8), as: "documents.json")
    let output = try PythonPeer.run(
      python,
      """
      import json, sys
      from jsonschema import Draft202012Validator
      schema, documents = (json.load(open(path)) for path in sys.argv[1:])
      Draft202012Validator.check_schema(schema)
      print("".join(str(int(Draft202012Validator(schema).is_valid(document))) for document in documents))
      """, [schema, list])
    let own = documents.map { Self.validator.problem(of: $0) == nil ? "1" : "0" }.joined()
    #expect(output == own + "\n")
    #expect(own.contains("0") && own.contains("1"))
  }
}
