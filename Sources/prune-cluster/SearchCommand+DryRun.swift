import ONNXFormat
import OneDNN
import OpenMPI
import Report
import Search

extension SearchCommand {
  /// Says what the search would do.
  func runDry() throws {
    let (config, memoryLimit, applies, changes) = (config, memoryLimit?.bytes, apply, try changes())
    let plan = try MPI.withWorld(
      program: ProgramName.text, stallTimeout: sharing.stallTimeout.duration, failure: { Failure($0).ofJob }
    ) { world in
      try DryRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), memoryLimit: memoryLimit, applies: applies
      ).execute(config, changes: changes)
    }
    guard let plan else { return }
    try StandardOutput.write(DryRunReport(plan, file: config).text)
  }
}
