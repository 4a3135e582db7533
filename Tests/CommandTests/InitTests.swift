import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// `init` as a user drives it.
@Suite(.timeLimit(.minutes(30)))
struct InitTests {
  @Test func `what it writes is valid once the data are named`() throws {
    let folder = try TemporaryFolder()
    let config = folder.file("config.json")
    let run = try ProgramRun("prune-cluster", ["init", DemoNetwork.model, config])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("prune-cluster validate \(config)"))
    let text = String(decoding: try folder.contents(of: "config.json"), as: UTF8.self)
    let untold = try ProgramRun("prune-cluster", ["validate", config])
    #expect(untold.exitCode == 66 && untold.errors.contains("TODO.npy"), "\(untold.errors)")

    #expect(text.contains("\"kind\": \"cross_entropy\""))
    // What it says can be reached is what the configuration allows.
    for said in ["[samples, 1, 28, 28]", "scores of 10 classes", "15 of 16 layers", "/head/Gemm stays whole"] {
      #expect(text.contains(said), "\(said) in \(text)")
    }
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 132 || $0.contains("stays whole") }, "\(text)")
    let data = text.replacing("\"inputs\": \"TODO.npy\"", with: "\"inputs\": \"\(DemoNetwork.images)\"")
      .replacing("\"labels\": \"TODO.npy\"", with: "\"labels\": \"\(DemoNetwork.labels)\"")
    _ = try folder.write(Data(data.utf8), as: "config.json")
    let valid = try ProgramRun("prune-cluster", ["validate", config])
    #expect(valid.exitCode == 0, "\(valid.errors)")
    let reach = try #require(valid.output.firstMatch(of: /at most ([0-9.]+) x can be reached/)?.1)
    let told = try #require(text.firstMatch(of: /bit_complexity: up to ([0-9.]+) x smaller/)?.1)
    #expect(abs(try #require(Double(reach)) - (try #require(Double(told)))) < 0.011, "\(told), \(reach)")
    // A change on the command line reads the comments, too.
    let dry = try ProgramRun(
      "prune-cluster", ["search", "--dry-run", "--set", "calibration.samples=64", config])
    #expect(dry.exitCode == 0 && dry.output.contains("calibration: 64 samples"), "\(dry.errors)")
  }

  @Test func `a file that is there stays, and a dash is standard output`() throws {
    let folder = try TemporaryFolder()
    let config = try folder.write(Data("mine".utf8), as: "config.json")
    let refused = try ProgramRun("prune-cluster", ["init", DemoNetwork.model, config])
    #expect(refused.exitCode == 73)
    #expect(refused.complaints.count == 1)
    #expect(try folder.contents(of: "config.json") == Data("mine".utf8))
    let shown = try ProgramRun("prune-cluster", ["init", DemoNetwork.model, "-"])
    #expect(shown.exitCode == 0 && shown.output.hasSuffix("}\n"), "\(shown.errors)")
    let none = try ProgramRun("prune-cluster", ["init", folder.file("none.onnx")])
    #expect(none.exitCode == 66 && none.complaints.count == 1)
  }

  /// Commands that look at a model without data.
  private static func commands(_ model: String, in folder: borrowing TemporaryFolder) throws -> [[String]] {
    let ratios = try folder.write(Data(#"{"stage1.0.conv1": 0.5}"#.utf8), as: "ratios.json")
    return [
      ["init", model, "-"], ["inspect", model],
      ["profile", "--widths", "2", "--quiet", "--output", folder.file("latency.json"), model],
      ["apply", ratios, "--model", model, "--output", folder.file("small.onnx")],
    ]
  }

  @Test(arguments: 0..<4)
  func `extents that the model fixes are not given others`(_ number: Int) throws {
    let folder = try TemporaryFolder()
    let command = try Self.commands(DemoNetwork.model, in: folder)[number]
    for shape in ["image=1,29,29", "29,29", "3,28,28", "image=1,1,28,28"] {
      let run = try ProgramRun("prune-cluster", command + ["--input-shape", shape])
      let found = shape.replacing("image=", with: "").replacing(",", with: ", ")
      #expect(run.exitCode == 64 && run.complaints.count == 1, "\(run.errors)")
      #expect(
        run.errors.contains("--input-shape: its input 'image' has the fixed shape [1, 28, 28], found [\(found)]"),
        "\(run.errors)")
    }
    #expect(try Set(folder.names) == ["ratios.json"])
    guard number < 2 else { return }
    #expect(try ProgramRun("prune-cluster", command + ["--input-shape", "28,28"]).exitCode == 0)
  }

  @Test func `extents that the model leaves open are asked for as they can be given`() throws {
    let folder = try TemporaryFolder()
    // The last two axes, as lengths that are written, become names that are empty.
    let fixed: [UInt8] = [0x0A, 2, 0x08, 28, 0x0A, 2, 0x08, 28]
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model)))
    let place = try #require(bytes.firstRange(of: fixed))
    bytes.replaceSubrange(place, with: [0x0A, 2, 0x12, 0, 0x0A, 2, 0x12, 0])
    let model = try folder.write(Data(bytes), as: "open.onnx")
    for command in try Self.commands(model, in: folder) {
      let run = try ProgramRun("prune-cluster", command)
      #expect(run.exitCode == 65 && run.complaints.count == 1, "\(run.errors)")
      #expect(run.errors.contains("such as --input-shape image=1,224,224\n"), "\(run.errors)")
    }
    for command in try Self.commands(model, in: folder).prefix(2) {
      let run = try ProgramRun("prune-cluster", command + ["--input-shape", "image=1,28,28"])
      #expect(run.exitCode == 0, "\(run.errors)")
    }
    // A search takes them from its samples, and has no such option.
    func validate(_ changes: [(path: String, json: String?)]) throws -> ProgramRun {
      let text = try DemoNetwork.configuration(
        output: folder.file("out"), changes: [("model", "\"\(model)\"")] + changes)
      return try ProgramRun("prune-cluster", ["validate", folder.write(text, as: "config.json")])
    }
    let sampled = try validate([])
    #expect(sampled.exitCode == 0, "\(sampled.errors)")
    let blind = try validate([
      ("calibration", nil), ("loss", nil), ("sensitivity", #"{"method": "l1"}"#),
    ])
    #expect(blind.exitCode == 65 && blind.complaints.count == 1, "\(blind.errors)")
    #expect(blind.errors.contains("\"calibration\" with samples of this input gives them"), "\(blind.errors)")
    #expect(!blind.errors.contains("--input-shape"), "\(blind.errors)")
  }

  @Test(.enabled(if: ReferenceData.isPresent), arguments: ReferenceData.models)
  func `every network gets a text that reads as a configuration`(_ model: ReferenceModel) throws {
    let run = try ProgramRun("prune-cluster", ["init", model.path, "-"])
    #expect(run.exitCode == 0, "\(run.errors)")
    let configuration = try SearchConfiguration(parsing: Array(run.output.utf8), file: "config.json")
    #expect(configuration.model.path == model.path)
    #expect(configuration.loss == .crossEntropy)
    #expect(configuration.target != nil)
  }
}
