import Foundation
import ProgramRuns
import ReferenceData
import Testing

/// `--grid` as a user drives it, under real MPI.
@Suite(.serialized, .enabled(if: ProgramRun.hasLauncher), .timeLimit(.minutes(30)))
struct GridCommandTests {
  private static func results(_ folder: TemporaryFolder, _ name: String) throws -> [Data] {
    try ["ratios.json", "sensitivities.npz"].map { try folder.contents(of: "\(name)/\($0)") }
  }

  private static func config(
    _ folder: TemporaryFolder, _ name: String, _ changes: [(path: String, json: String?)] = []
  ) throws -> String {
    let small: [(path: String, json: String?)] = [("calibration.samples", "75"), ("calibration.batch_size", "8")]
    return try folder.write(
      try DemoNetwork.configuration(output: folder.file(name), changes: small + changes), as: "\(name).json")
  }

  private static func search(
    _ config: String, grid: String?, ranks: Int?, _ more: [String] = [],
    signal: (number: Int32, when: () -> Bool)? = nil
  ) throws -> ProgramRun {
    try ProgramRun(
      "prune-cluster", ranks: ranks, ["search", "--quiet"] + (grid.map { ["--grid", $0] } ?? []) + more + [config],
      signal: signal)
  }

  @Test(.enabled(if: ReferenceData.isPresent), arguments: ReferenceData.models)
  func `every shared network gives the same bytes for every grid`(_ model: ReferenceModel) throws {
    let folder = try TemporaryFolder()
    var expected: [Data] = []
    for (grid, ranks) in [(nil, nil), ("1x1", 1), ("1x2", 2), ("2x1", 2), ("2x2", 4), ("1x4", 4)] as [(String?, Int?)] {
      let name = grid ?? "whole"
      let config = """
        { "model": "\(model.path)",
          "calibration": { "inputs": "\(ReferenceData.path("data/calib.npz")):images",
                           "labels": "\(ReferenceData.path("data/calib_labels.npy"))", "batch_size": 16, "samples": 120 },
          "target": { "compression_ratio": 2.0 }, "output": { "directory": "\(folder.file(name))" } }
        """
      let run = try Self.search(try folder.write(Data(config.utf8), as: "\(name).json"), grid: grid, ranks: ranks)
      #expect(run.exitCode == 0, "\(name): \(run.errors)")
      if grid == nil { expected = try Self.results(folder, name) }
      let isSame = try Self.results(folder, name) == expected
      #expect(isSame, "\(name)")
    }
  }

  @Test(arguments: [SIGUSR1, SIGUSR2])
  func `a signal ends stages with 75, and the search goes on without them`(_ number: Int32) throws {
    let folder = try TemporaryFolder()
    let changes: [(path: String, json: String?)] = [
      ("calibration.samples", "512"), ("calibration.batch_size", "2"), ("solver", "{}"),
      ("sensitivity", #"{"order": 2, "curvature": "gauss_newton", "draws": 40}"#),
    ]
    // Some seconds of work: mpirun passes a signal on when it gets to it.
    let whole = try Self.search(try Self.config(folder, "whole", changes), grid: nil, ranks: nil)
    #expect(whole.exitCode == 0, "\(whole.errors)")
    let config = try Self.config(folder, "out", changes)
    let stopped = try Self.search(
      config, grid: "1x2", ranks: 2,
      signal: (
        number,
        { ((try? FileManager.default.contentsOfDirectory(atPath: folder.file("out/checkpoint")))?.count ?? 0) > 5 }
      ))
    #expect(stopped.exitCode == 75, "\(stopped.errors)")
    #expect(stopped.errors.contains("the same command goes on from there"), "\(stopped.errors)")
    let saved = try FileManager.default.contentsOfDirectory(atPath: folder.file("out/checkpoint")).count
    #expect((5..<256).contains(saved))
    let rest = try Self.search(config, grid: nil, ranks: nil)
    #expect(rest.exitCode == 0, "\(rest.errors)")
    #expect(try Self.results(folder, "out") == Self.results(folder, "whole"))
  }

  @Test func `a rank of a later stage that is killed ends the job, and the search goes on`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.config(folder, "out", [("calibration.samples", "512"), ("calibration.batch_size", "2")])
    // The last stage ends itself after some pieces: a rank that dies, as MPI sees it.
    let script = """
      if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then
        "$@" & own=$!
        while [ "$(ls '\(folder.file("out/checkpoint"))' 2>/dev/null | wc -l)" -lt 5 ]; do sleep 0.02; done
        kill -9 $own; wait $own; exit 137
      else exec "$@"; fi
      """
    let run = try ProgramRun(
      "prune-cluster", ranks: 2, under: ["sh", "-c", script, "sh"], ["search", "--quiet", "--grid", "1x2", config])
    #expect(run.exitCode == 137, "\(run.exitCode as Any) \(run.errors)")
    let rest = try Self.search(config, grid: "1x2", ranks: 2)
    #expect(rest.exitCode == 0, "\(rest.errors)")
  }

  @Test func `what is wrong with a grid is one line, with the documented exit code`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.config(folder, "out")
    let cases: [(grid: String, ranks: Int?, more: [String], exitCode: Int32, text: String)] = [
      ("2x2", 3, [], 64, "--grid 2x2: needs 4 ranks, there are 3"),
      ("1x2", nil, [], 64, "--grid 1x2: needs 2 ranks, there is 1"),
      ("1x2", nil, ["--dry-run"], 64, "--grid 1x2: needs 2 ranks"),
      ("1x2", 2, ["--apply"], 64, "--apply: makes the pruned model from a whole network"),
      ("0x2", nil, [], 64, "--grid"), ("2", nil, [], 64, "--grid"), ("2x-1", nil, [], 64, "--grid"),
    ]
    for one in cases {
      let run = try Self.search(config, grid: one.grid, ranks: one.ranks, one.more)
      #expect(run.exitCode == one.exitCode, "\(one): \(run.errors)")
      #expect(run.complaints.count == 1, "\(one): \(run.errors)")
      #expect(run.complaints.first?.contains(one.text) ?? false, "\(one): \(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
    }
  }

  @Test func `validate and the dry run tell the memory of every stage`() throws {
    let folder = try TemporaryFolder()
    let config = try Self.config(folder, "out")
    let validated = try ProgramRun("prune-cluster", ["validate", "--grid", "2x3", config])
    #expect(validated.exitCode == 0, "\(validated.errors)")
    #expect(validated.output.contains("MiB for the ranks of 3 stages, each with "), "\(validated.output)")
    let dry = try Self.search(config, grid: "1x3", ranks: 3, ["--dry-run"])
    #expect(dry.exitCode == 0, "\(dry.errors)")
    #expect(dry.output.contains("MiB for the ranks of 3 stages, each with "), "\(dry.output)")
    #expect(dry.output.contains(" in the slowest stage"), "\(dry.output)")
  }
}
