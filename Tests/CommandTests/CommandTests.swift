import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// The program as a user drives it.
@Suite(.timeLimit(.minutes(30)))
struct CommandTests {
  private static func run(_ arguments: String...) throws -> ProgramRun { try ProgramRun("prune-cluster", arguments) }

  @Test(arguments: [
    "", "search", "compare", "apply", "evaluate", "inspect", "profile", "validate", "solve", "convert", "verify",
    "report", "schema",
  ])
  func `every command has help with an example`(_ command: String) throws {
    let run = try Self.run(contentsOf: command.isEmpty ? ["--help"] : [command, "--help"])
    #expect(run.exitCode == 0)
    #expect(run.output.contains("EXAMPLE"))
    #expect(run.output.contains("prune-cluster \(command)"))
    #expect(run.errors.isEmpty)
  }

  private static func run(contentsOf arguments: [String]) throws -> ProgramRun {
    try ProgramRun("prune-cluster", arguments)
  }

  @Test func `the version is one line`() throws {
    let run = try Self.run("--version")
    #expect(run.exitCode == 0)
    #expect(run.output == "prune-cluster 0.1.0\n")
  }

  @Test(arguments: [
    ["--nonsense"], ["serach", "x.json"], ["search"], ["apply", "r.json"], ["evaluate", "m.onnx"],
    ["inspect", "--input-shape", "a=0,x", "m.onnx"], ["profile"], ["profile", "--batch", "0", "m.onnx"],
    ["profile", "--widths", "1", "m.onnx"],
  ])
  func `wrong usage is told in our form and ends with 64`(_ arguments: [String]) throws {
    let run = try Self.run(contentsOf: arguments)
    #expect(run.exitCode == 64)
    #expect(run.complaints.count == 1)
    #expect(run.output.isEmpty)
  }

  @Test(
    arguments: [
      (["serch", "x.json"], "unknown command 'serch'; did you mean 'search'?"),
      (["Solve", "out"], "unknown command 'Solve'; did you mean 'solve'?"),
      (["prune"], "unknown command 'prune'; expected init, search,"),
      (
        ["inspect", "--input-shape", "a=0,x", "m.onnx"],
        "'a=0,x' is invalid for '--input-shape <[name=]extents>': expected extents above 0"
      ),
      (["search", "--time-limit", "5x", "c.json"], "'5x' is invalid for '--time-limit <time>': expected a time"),
      (
        ["compare", "--time-limit", "30m1h", "c.json"], "'30m1h' is invalid for '--time-limit <time>': expected a time"
      ),
      (
        ["search", "--stall-timeout", "soon", "c.json"],
        "'soon' is invalid for '--stall-timeout <time>': expected 'never'"
      ),
      (
        ["search", "--memory-limit", "2Q", "c.json"], "'2Q' is invalid for '--memory-limit <size>': expected an amount"
      ),
      (["compare", "--memory-limit", "much", "c.json"], "expected an amount of memory like 2G"),
      (
        ["validate", "--memory-limit", "2Q", "c.json"],
        "'2Q' is invalid for '--memory-limit <size>': expected an amount"
      ),
      (
        ["validate", "--grid", "2x", "c.json"], "'2x' is invalid for '--grid <batches x layers>': expected two positive"
      ),
    ] as [([String], String)])
  func `a command or a value that is none is told with what is expected`(_ arguments: [String], _ text: String) throws {
    let run = try Self.run(contentsOf: arguments)
    #expect(run.exitCode == 64)
    #expect(run.complaints.count == 1)
    #expect(run.complaints.first?.contains(text) ?? false, "\(run.errors)")
    #expect(run.output.isEmpty)
  }

  @Test func `validate accepts the shipped examples`() throws {
    let examples = try FileManager.default.contentsOfDirectory(atPath: DemoNetwork.directory).filter {
      $0.hasSuffix(".json")
    }
    #expect(!examples.isEmpty)
    for example in examples {
      let run = try Self.run("validate", DemoNetwork.directory + "/" + example)
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(run.output.contains(": valid\n"))
    }
  }

  @Test func `inspect prints a row per layer, and the same for a script`() throws {
    let table = try Self.run("inspect", DemoNetwork.model)
    let script = try Self.run("inspect", "--json", DemoNetwork.model)
    #expect(table.exitCode == 0 && script.exitCode == 0)
    let document = try JSONValue(parsing: Array(script.output.utf8), file: "inspect")
    guard case .array(let layers)? = document["layers"] else {
      Issue.record("no layers in \(script.output)")
      return
    }
    #expect(layers.count > 10)
    for layer in layers {
      guard case .string(let name)? = layer["name"] else { continue }
      #expect(table.output.contains(name))
    }
    #expect(document["totals"]?["flops"]?["cost"] != nil)
  }

  @Test(.timeLimit(.minutes(30)))
  func `a limit of memory changes no byte, and one that cannot be kept says what is needed`() throws {
    let folder = try TemporaryFolder()
    func config(_ name: String) throws -> String {
      let text = try DemoNetwork.configuration(
        output: folder.file(name), changes: [("calibration.batch_size", "256")])
      return try folder.write(text, as: "\(name).json")
    }
    let free = try config("free")
    let told = try Self.run("validate", free).output
    let match = try #require(told.firstMatch(of: /memory: about (\d+) MiB for a rank with/))
    let mebibytes = try #require(Int(match.output.1))
    #expect(try Self.run("search", "--quiet", free).exitCode == 0)
    let tight = try config("tight")
    let limited = try Self.run("search", "--quiet", "--memory-limit", "\(mebibytes * 3 / 4)M", tight)
    #expect(limited.exitCode == 0, "\(limited.errors)")
    for file in ["ratios.json", "sensitivities.npz"] {
      let results = try ["free", "tight"].map {
        try Data(contentsOf: URL(fileURLWithPath: folder.file($0) + "/" + file))
      }
      #expect(results[0] == results[1], "\(file)")
    }
    let impossible = try Self.run("search", "--quiet", "--memory-limit", "8M", try config("none"))
    #expect(impossible.exitCode == 78)
    #expect(impossible.complaints.first?.contains("--memory-limit: 8 MiB") ?? false, "\(impossible.errors)")
    #expect(try Self.run("search", "--memory-limit", "much", free).exitCode == 64)
  }

  @Test func `paths on the command line start where one is, those of a config at its folder`() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("sub"), withIntermediateDirectories: true)
    _ = try folder.write(Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model)), as: "here.onnx")
    _ = try folder.write(DemoNetwork.configuration(output: "own"), as: "sub/config.json")
    for changes in [[], ["--set", "output.directory=set", "--set", "model=here.onnx"], ["--output", "option"]] {
      let run = try ProgramRun(
        "prune-cluster", under: ["env", "-C", folder.path], ["search", "--quiet", "sub/config.json"] + changes)
      #expect(run.exitCode == 0, "\(run.errors)")
    }
    for place in ["sub/own", "set", "option"] {
      #expect(FileManager.default.fileExists(atPath: folder.file("\(place)/ratios.json")), "\(place)")
    }
  }

  @Test(arguments: ["search", "validate", "compare"])
  func `a model that is not there is told with the key that names it`(_ command: String) throws {
    let folder = try TemporaryFolder()
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: [("model", #""modle.onnx""#)])
    let config = try folder.write(text, as: "config.json")
    let run = try Self.run(command, config)
    #expect(run.exitCode == 66)
    let problem = "cannot be opened: No such file or directory; $.model of \(config) names it"
    #expect(run.complaints == ["prune-cluster: error: \(folder.file("modle.onnx")): \(problem)"])
  }

  @Test func `a config that cannot be read ends with 66`() throws {
    let run = try Self.run("search", "/no/such/config.json")
    #expect(run.exitCode == 66)
    #expect(run.complaints.count == 1)
  }

  @Test(.enabled(if: ProgramRun.hasLauncher), arguments: [1, 2, 3, 4])
  func `the results have the same bytes without mpirun and with it`(_ ranks: Int) throws {
    let folder = try TemporaryFolder()
    var results: [[Data]] = []
    for (name, ranks) in [("alone", nil), ("job", ranks)] {
      let text = try DemoNetwork.configuration(
        output: folder.file(name), changes: [("calibration.samples", "150"), ("calibration.batch_size", "16")])
      let config = try folder.write(text, as: "\(name).json")
      let run = try ProgramRun("prune-cluster", ranks: ranks, ["search", config])
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(run.complaints.isEmpty)
      #expect(run.output.components(separatedBy: "files in ").count == 2, "the summary comes once")
      results.append(try ["ratios.json", "sensitivities.npz"].map { try folder.contents(of: "\(name)/\($0)") })
    }
    #expect(results[0] == results[1])
  }

  @Test(.enabled(if: ProgramRun.hasLauncher))
  func `the smaller model has the same bytes under mpirun, and a mistake is told once`() throws {
    let folder = try TemporaryFolder()
    for (name, ranks) in [("alone", nil), ("job", 3)] {
      let text = try DemoNetwork.configuration(
        output: folder.file(name), changes: [("calibration.samples", "75"), ("calibration.batch_size", "8")])
      let config = try folder.write(text, as: "\(name).json")
      let run = try ProgramRun("prune-cluster", ranks: ranks, ["search", "--apply", config])
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(run.output.components(separatedBy: "written: ").count == 2, "the summary comes once")
    }
    let output = folder.file("again/small.onnx")
    let apply = ["apply", folder.file("alone/ratios.json"), "--model", DemoNetwork.model, "--output", output]
    let again = try ProgramRun("prune-cluster", ranks: 2, apply + ["--config", folder.file("alone.json")])
    #expect(again.exitCode == 0, "\(again.errors)")
    let models = try ["alone/pruned.onnx", "job/pruned.onnx", "again/small.onnx"].map { try folder.contents(of: $0) }
    #expect(models[0] == models[1] && models[0] == models[2])

    let evaluation = try ProgramRun(
      "prune-cluster", ranks: 2,
      ["evaluate", DemoNetwork.model, output, "--config", folder.file("alone.json"), "--json"])
    #expect(evaluation.exitCode == 0, "\(evaluation.errors)")
    let document = try JSONValue(parsing: Array(evaluation.output.utf8), file: "evaluate")
    guard case .array(let networks)? = document["networks"] else {
      Issue.record("no networks in \(evaluation.output)")
      return
    }
    #expect(networks.count == 2)

    let wrong = try folder.write(Data(#"{"stage9": 0.5}"#.utf8), as: "wrong.json")
    let mistaken = try ProgramRun(
      "prune-cluster", ranks: 3, ["apply", wrong, "--model", DemoNetwork.model, "--output", output])
    #expect(mistaken.exitCode == 65)
    #expect(mistaken.complaints.count == 1)
  }

  @Test func `an interrupted search leaves no half of a file`() throws {
    let folder = try TemporaryFolder()
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: [("calibration.batch_size", "1")])
    let config = try folder.write(text, as: "config.json")
    let run = try ProgramRun("prune-cluster", ["search", config], interruptAfter: 0.7)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.file("out"))) ?? []
    let results = ["ratios.json", "ratios.cfg", "sensitivities.npz", "frontier.json", "report.html", "run.json"]
    #expect(names.allSatisfy { (results + ["checkpoint"]).contains($0) }, "\(names)")
    if run.exitCode != 0 { #expect(run.exitCode == 130) }
  }
}

/// The trained networks of the reference under real MPI.
@Suite(.enabled(if: ReferenceData.isPresent && ProgramRun.hasLauncher), .timeLimit(.minutes(30)))
struct ReferenceSearchTests {
  @Test(arguments: ReferenceData.models)
  func `every shared network gives the same bytes on 1, 2, 3 and 4 ranks`(_ model: ReferenceModel) throws {
    let folder = try TemporaryFolder()
    var first: [Data] = []
    for ranks in 1...4 {
      let config = """
        { "model": "\(model.path)",
          "calibration": { "inputs": "\(ReferenceData.path("data/calib.npz")):images",
                           "labels": "\(ReferenceData.path("data/calib_labels.npy"))", "batch_size": 24, "samples": 200 },
          "target": { "compression_ratio": 2.0 }, "output": { "directory": "\(folder.file("out\(ranks)"))" } }
        """
      let path = try folder.write(Data(config.utf8), as: "config\(ranks).json")
      let run = try ProgramRun("prune-cluster", ranks: ranks, ["search", "--quiet", path])
      #expect(run.exitCode == 0, "\(run.errors)")
      let files = try ["ratios.json", "sensitivities.npz"].map { try folder.contents(of: "out\(ranks)/\($0)") }
      if ranks == 1 { first = files }
      #expect(files == first)
    }
  }
}
