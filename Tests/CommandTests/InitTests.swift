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
    for command in [["init", DemoNetwork.model, "-"], ["inspect", DemoNetwork.model]] {
      let fixed = try ProgramRun("prune-cluster", command + ["--input-shape", "image=1,29,29"])
      #expect(fixed.exitCode == 64 && fixed.errors.contains("has the fixed shape [1, 28, 28]"), "\(fixed.errors)")
      #expect(try ProgramRun("prune-cluster", command + ["--input-shape", "28,28"]).exitCode == 0)
    }
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
