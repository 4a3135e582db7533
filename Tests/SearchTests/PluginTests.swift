import ArrayFiles
import Configuration
import Foundation
import Logging
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Synchronization
import Testing
import WorkSharing

@testable import Search

/// Criteria and solvers that programs of the user's are.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct PluginTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func criterion(_ command: String, _ more: String = "") -> (path: String, json: String?) {
    ("sensitivity", #"{"method": "external", "command": \#(command)\#(more)}"#)
  }

  private static func solver(_ command: String, _ more: String = "") -> (path: String, json: String?) {
    ("solver", #"{"method": "external", "command": \#(command)\#(more)}"#)
  }

  private func search(ranks: Int = 1, _ changes: [(path: String, json: String?)]) throws -> SearchOutcome {
    try DemoSearch.run(in: folder, ranks: ranks, changes)
  }

  /// Nothing of a program is left in the output directory.
  private var leftovers: [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.file("out"))
    return (names ?? []).filter { $0.hasPrefix(".") }
  }

  /// The scores of the groups that can lose units.
  private static func scores(in folder: TemporaryFolder) throws -> [[Double]] {
    let archive = try NumPyArchive(folder.file("out/sensitivities.npz"))
    return try (0..<100).compactMap { group in
      guard archive.names.contains("group/\(group)") else { return nil }
      return try archive.array(named: "group/\(group)").doubles()
    }
  }

  // MARK: What a criterion is given

  /// What a program calculates, and the criterion of the product that it is.
  private static let twins: [(script: String, inputs: String, twin: String)] = [
    (
      """
      norms = []
      for layer in request["layers"]:
          (outputs, *_), w = read_array(layer["weight"]["file"])
          n = len(w) // outputs
          norms.append([math.fsum(abs(x) for x in w[i * n:(i + 1) * n]) for i in range(outputs)])
          assert layer["weight"]["shape"] == [layer["outputs"], layer["inputs"] // layer["convolution_groups"]] + layer["kernel"]
      answer(lambda group, unit: sum(norms[layer["layer"]][channel] for layer, channel in made(group, unit)))
      """, "[]", #"{"method": "l1", "normalization": "none"}"#
    ),
    (
      """
      values = mean("mean_magnitude")
      answer(lambda group, unit: sum(values[layer["first_channel"] + channel] for layer, channel in made(group, unit)))
      """, #"["activations"]"#, #"{"method": "mean_activation", "normalization": "none"}"#
    ),
    (
      """
      values = mean("nonzero_share")
      answer(lambda group, unit: sum(values[layer["first_channel"] + channel] for layer, channel in made(group, unit)))
      """, #"["gradients", "activations"]"#, #"{"method": "apoz", "normalization": "none"}"#
    ),
    (
      """
      (rows, units), squares = read_array(request["gradients"]["unit_squares"])
      assert rows == len(request["rows"]["samples"]) and units == request["rows"]["units"]
      answer(lambda group, unit: sum(squares[row * units + group["first_unit"] + unit] for row in range(rows))
          / sum(request["rows"]["samples"]))
      """, #"["gradients"]"#, #"{"method": "taylor", "reduction": "mean_square", "level": "sample"}"#
    ),
    (
      """
      (rows, channels), sums = read_array(request["gradients"]["channel_sums"])
      total = [sum(sums[row * channels + c] for row in range(rows)) for c in range(channels)]
      answer(lambda group, unit: abs(sum(total[layer["first_channel"] + channel] for layer, channel in made(group, unit)))
          / sum(request["rows"]["samples"]))
      """, #"["gradients"]"#, #"{"method": "taylor", "reduction": "abs_mean", "level": "sample"}"#
    ),
    (
      """
      (rows, units), sums = read_array(request["gradients"]["unit_sums"])
      (_, _), squares = read_array(request["gradients"]["unit_squares"])
      n = sum(request["rows"]["samples"])
      def loss(group, unit):
          places = [row * units + group["first_unit"] + unit for row in range(rows)]
          return 0.5 * (sum(squares[p] for p in places) / n) - sum(sums[p] for p in places) / n
      answer(loss, "loss")
      """, #"["gradients"], "unit": "loss""#,
      #"{"method": "taylor", "order": 2, "set_loss": "additive", "curvature": "fisher"}"#
    ),
  ]

  @Test(.enabled(if: PluginScripts.hasPython), arguments: twins.indices)
  func `a program can calculate from what it is given what the product's own criteria do`(_ index: Int) throws {
    let (script, inputs, twin) = Self.twins[index]
    try PluginScripts.write(script, to: folder)
    let outcome = try search([
      Self.criterion(#"["python3", "plugin.py"]"#, #", "inputs": \#(inputs)"#), ("solver", "{}"),
    ])
    let found = try Self.scores(in: folder)
    let other = try TemporaryFolder()
    let expected = try DemoSearch.run(in: other, [("sensitivity", twin), ("solver", "{}")])
    let own = try Self.scores(in: other)
    #expect(found.count == own.count && !found.isEmpty)
    for (found, own) in zip(found, own) {
      let scale = own.map(abs).max() ?? 0
      // A program adds in another order: some last bits of a sum of hundreds of terms. Groups that stay have no scores.
      for (one, two) in zip(found, own) where one != 0 {
        #expect(abs(one - two) <= 1e-12 * max(scale, 1e-300), "\(one) and \(two)")
      }
    }
    #expect(outcome.ratios.layers.map(\.prunedChannels) == expected.ratios.layers.map(\.prunedChannels))
    #expect(leftovers.isEmpty)
  }

  @Test(.enabled(if: PluginScripts.hasPython))
  func `the program begins in the folder of the configuration, without a launcher's variables`() throws {
    try PluginScripts.write(
      """
      import stat
      assert os.path.exists("config.json"), os.getcwd()
      assert os.path.isabs(folder) and not os.path.samefile(folder, ".")
      assert not [name for name in os.environ if name.startswith(("OMPI_", "PMIX_"))]
      assert os.read(0, 1) == b""
      opened = [int(name) for name in os.listdir("/proc/self/fd")]
      assert all(number <= 3 for number in opened), opened
      assert os.path.exists(request["network"]["model"])
      answer(lambda group, unit: unit)
      """, to: folder)
    setenv("PMIX_RANK", "0", 1)
    defer { unsetenv("PMIX_RANK") }
    _ = try search([Self.criterion(#"["python3", "plugin.py"]"#)])
  }

  @Test(.enabled(if: PluginScripts.hasPython))
  func `what was measured is there when a program has failed, and the bytes are those of a run that did not`() throws {
    try PluginScripts.write("sys.exit(3)", to: folder)
    let changes = [
      Self.criterion(#"["python3", "plugin.py"]"#, #", "inputs": ["activations", "gradients"]"#), ("solver", "{}"),
    ]
    #expect(throws: SearchError.self) { try search(ranks: 2, changes) }
    try PluginScripts.write(Self.twins[3].script, to: folder)
    _ = try search(ranks: 3, changes)
    let record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    guard case .array(let attempts)? = record["attempts"] else {
      Issue.record("no attempts")
      return
    }
    #expect(attempts.last?["pieces_restored"] == 8)
    #expect(attempts.last?["pieces_computed"] == 0)
    let other = try TemporaryFolder()
    try PluginScripts.write(Self.twins[3].script, to: other)
    _ = try DemoSearch.run(in: other, changes)
    for name in ["ratios.json", "sensitivities.npz"] {
      #expect(try folder.contents(of: "out/\(name)") == other.contents(of: "out/\(name)"))
    }
  }

  // MARK: What goes wrong

  private static let head = #"{"protocol":"prune-cluster-criterion","version":1,"unit":"score","groups":["#

  /// A shell script, the kind of error, and what it says.
  private static let failures: [(script: String, more: String, kind: SearchError.Kind, text: String)] = [
    (
      "sleep 600 & echo $! > pids; echo $$ >> pids; echo begun; sleep 600", #", "time_limit": 0.5"#, .badContent,
      #"was not done after 0.5 s, the "time_limit", and was killed; the last that it wrote: "begun""#
    ),
    ("trap '' TERM INT HUP; while :; do :; done", #", "time_limit": 0.3"#, .badContent, "was not done after 0.3 s"),
    (
      "echo first; echo 'it broke' >&2; exit 3", "", .badContent,
      #"$.sensitivity.command: the plug-in "sh plugin.sh" ended with exit code 3, expected 0; the last that it wrote: "it broke""#
    ),
    ("kill -SEGV $$", "", .badContent, "was ended by signal 11, expected exit code 0"),
    ("sleep 600 & echo $! > pids", "", .badContent, "ended without an error and has left no answer.json in its folder"),
    ("setsid sleep 3 & exit 5", "", .badContent, "ended with exit code 5"),
    ("head -c 300000000 /dev/zero; exit 4", "", .badContent, "ended with exit code 4"),
    ("yes | head -c 1000000; exit 4", "", .badContent, "the last that it wrote: \"y\""),
    (
      "echo garbage > $1/answer.json", "", .badContent,
      #"answer.json of the plug-in "sh plugin.sh": line 1, column 1: not JSON: expected a value, found garbage"#
    ),
    (": > $1/answer.json", "", .badContent, "line 1, column 1"),
    ("truncate -s 1G $1/answer.json", "", .badContent, "has 1073741824 bytes, at most 67108864 are read"),
    ("mkdir $1/answer.json", "", .badContent, "is no regular file"),
    ("mkfifo $1/answer.json", "", .badContent, "is no regular file"),
    ("ln -s /dev/zero $1/answer.json", "", .badContent, "is no regular file"),
    ("rm -rf $1; mkdir -p $1", "", .badContent, "has left no answer.json"),
    (
      #"echo '{"protocol":"prune-cluster-solver","version":1,"unit":"score","groups":[]}' > $1/answer.json"#, "",
      .badContent, #"$.protocol: expected "prune-cluster-criterion", found the string "prune-cluster-solver""#
    ),
    (
      #"echo '{"protocol":"prune-cluster-criterion","version":2,"unit":"score","groups":[]}' > $1/answer.json"#, "",
      .badContent, "$.version: expected version 1, found the number 2"
    ),
    (
      #"echo '{"protocol":"prune-cluster-criterion","version":1,"unit":"loss","groups":[]}' > $1/answer.json"#, "",
      .badContent, #"$.unit: expected "score", which is "unit" in $.sensitivity"#
    ),
    (
      #"echo '\#(head){"group":0,"scores":[NaN]}]}' > $1/answer.json"#, "", .badContent,
      "line 1, column 97: not JSON: expected a value, found NaN"
    ),
    (
      #"echo '\#(head){"group":0,"scores":[-Infinity]}]}' > $1/answer.json"#, "", .badContent,
      "line 1, column 98: not JSON: expected a digit, found Infinity"
    ),
    (
      #"echo '\#(head){"group":0,"scores":[1e999]}]}' > $1/answer.json"#, "", .badContent,
      "line 1, column 97: the number 1e999 is beyond"
    ),
    (
      #"echo '\#(head){"group":1,"scores":[1, 2]}]}' > $1/answer.json"#, "", .badContent,
      "$.groups[0].scores: expected 16 scores, one per unit of group 1, found 2"
    ),
    (
      #"echo '\#(head){"group":99,"scores":[]}]}' > $1/answer.json"#, "", .badContent,
      "$.groups[0].group: expected the number of one group"
    ),
    (#"echo '\#(head)]}' > $1/answer.json"#, "", .badContent, "$.groups: group 0 is missing"),
    (#"echo '\#(head){"group":0,"scores":[1,2,"x"]}]}' > $1/answer.json"#, "", .badContent, "$.groups[0].scores"),
    ("exit 0", #", "normalisation": "mean""#, .configuration, "normalization"),
  ]

  @Test(arguments: failures.indices, [1, 2])
  func `a program that fails ends in one error, and leaves no process and no folder`(_ index: Int, _ ranks: Int) throws
  {
    let failure = Self.failures[index]
    _ = try folder.write(Data(failure.script.utf8), as: "plugin.sh")
    let change = Self.criterion(#"["sh", "plugin.sh"]"#, failure.more)
    let error = #expect(throws: (any Error).self) { try search(ranks: ranks, [change, ("solver", "{}")]) }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains(failure.text), "\(text)")
    #expect(!text.contains("\n"))
    if failure.kind == .badContent {
      #expect((error as? SearchError)?.kind == .badContent, "\(text)")
    } else {
      #expect(error is ConfigurationError)
    }
    #expect(leftovers.isEmpty)
    #expect(try Self.living(folder).isEmpty)
    #expect(!FileManager.default.fileExists(atPath: folder.file("out/ratios.json")))
  }

  /// The processes that a script has noted, as far as they are there and more than a name.
  private static func living(_ folder: TemporaryFolder) throws -> [String] {
    guard FileManager.default.fileExists(atPath: folder.file("pids")) else { return [] }
    let pids = String(decoding: try folder.contents(of: "pids"), as: UTF8.self).split(separator: "\n")
    return pids.compactMap { pid in
      guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
      return status.contains(") Z ") ? nil : status
    }
  }

  @Test(arguments: ["/no/such/program", "no-such-program-on-path", "./plugin.sh", "."])
  func `a program that is none is told before anything is computed`(_ program: String) throws {
    _ = try folder.write(Data("exit 0".utf8), as: "plugin.sh")
    let error = try #require(throws: SearchError.self) {
      try search([Self.criterion(#"["\#(program)"]"#, #", "inputs": ["gradients"]"#)])
    }
    #expect(error.kind == .configuration)
    #expect(error.problem.hasPrefix("$.sensitivity.command: the plug-in"), "\(error)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
  }

  @Test(arguments: [1, 2])
  func `a run that is stopped kills its program at once`(_ ranks: Int) throws {
    _ = try folder.write(Data("sleep 600 & echo $! > pids; echo $$ >> pids; sleep 600".utf8), as: "plugin.sh")
    let text = try DemoNetwork.configuration(
      output: folder.file("out"), changes: DemoSearch.small + [Self.criterion(#"["sh", "plugin.sh"]"#)])
    let config = try folder.write(text, as: "config.json")
    let stop = StopRequest()
    let pids = folder.file("pids")
    let asking = Thread {
      while !FileManager.default.fileExists(atPath: pids) { usleep(10_000) }
      usleep(100_000)
      stop.make()
    }
    asking.start()
    let error = #expect(throws: (any Error).self) {
      try InProcess.run(ranks: ranks) { world in
        try SearchRun(
          on: world, backend: OneDNNBackend(), format: ONNXFormat(), options: WorkSession.Options(stop: stop),
          logger: DemoSearch.logger, progress: { _ in }
        ).execute(config)
      }
    }
    #expect(error is Interruption, "\(String(describing: error))")
    #expect(leftovers.isEmpty)
    #expect(try Self.living(folder).isEmpty)
  }

  @Test func `what a killed run has left goes with the next one`() throws {
    let left = folder.file("out/.prune-cluster-plugin-abcdef/weights")
    try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
    _ = try folder.write(Data(), as: "out/.prune-cluster-plugin-abcdef/weights/0.npy")
    _ = try search([("sensitivity", #"{"method": "l1"}"#), ("solver", "{}")])
    #expect(leftovers.isEmpty)
  }

  @Test func `what a program writes is told line by line, cut and counted`() {
    var output = ProgramOutput()
    var lines: [String] = []
    output.add(Array("one\ntwo".utf8)) { lines.append($0) }
    output.add(Array(" and\r\n\n\u{1B}[31mred\u{7}\n".utf8)) { lines.append($0) }
    output.add([UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000) + [10, 0xFF, 10]) { lines.append($0) }
    #expect(lines.count == 5)
    #expect(lines[..<2] == ["one", "two and"])
    #expect(lines[2].hasSuffix("[31mred\\u{07}") && !lines[2].unicodeScalars.contains("\u{1B}"))
    #expect(lines[3].count == ProgramOutput.lineBytes + 1)
    for _ in 0..<3000 { output.add(Array("line\n".utf8)) { lines.append($0) } }
    #expect(lines.count == ProgramOutput.lines + 1)
    output.add(Array("last".utf8)) { lines.append($0) }
    output.end { lines.append($0) }
    #expect(output.last == "last" && lines.count == ProgramOutput.lines + 1)
  }
}
