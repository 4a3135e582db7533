import ONNXFormat
import OneDNN
import OpenMPI
import Report
import Search

extension SearchCommand {
  /// Says what the search would do.
  func runDry() throws {
    let (config, memoryLimit, grid) = (config, memoryLimit?.bytes, pipeline.grid)
    let (applies, changes) = (apply, try changes())
    let plan = try MPI.withWorld(
      program: ProgramName.text, stallTimeout: sharing.stallTimeout.duration, failure: { Failure($0).ofJob() }
    ) { world in
      try DryRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), memoryLimit: memoryLimit, grid: grid,
        applies: applies
      ).execute(config, changes: changes)
    }
    guard let plan else { return }
    try StandardOutput.write(DryRunReport(plan, file: config).text)
  }
}
