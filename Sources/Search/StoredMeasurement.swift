import Allocation
import Channels
import Configuration
import Sensitivity

import Glibc

/// What a search has measured, as it has left it.
struct StoredMeasurement {
  /// By group the loss of each unit.
  let losses: [[Double]]
  let setLoss: SetLoss?
  /// Per unit −mean t; empty without a set loss.
  let slopes: [Double]
  let quantization: QuantizationTable?

  /// What a search has measured, while it runs.
  init(
    _ measurement: SensitivityMeasurement, _ quantization: QuantizationTable?, _ structure: ChannelStructure,
    _ configuration: SearchConfiguration
  ) throws {
    let table = measurement.table
    losses = configuration.solver.robust ? table.upperGroups : table.groups
    setLoss = try measurement.setLoss?.setLoss(structure, configuration.sensitivity)
    slopes = measurement.setLoss?.slopes ?? []
    self.quantization = quantization
  }

  init(reading directory: String, _ analysis: NetworkAnalysis, _ configuration: SearchConfiguration) throws {
    let structure = analysis.solving.structure
    let stored = try StoredSensitivities(
      reading: directory + "/" + StoredSensitivities.fileName, for: structure)
    losses = configuration.solver.robust ? stored.upperGroups : stored.scores.groups
    if configuration.sensitivity.setLoss == .additive {
      (setLoss, slopes) = (nil, [])
    } else {
      let stored = try StoredSetLoss(reading: directory + "/" + StoredSetLoss.fileName, for: structure)
      (setLoss, slopes) = (try stored.setLoss(structure, configuration.sensitivity), stored.slopes)
    }
    let widths = configuration.bits.search.filter { $0 <= QuantizationTable.largestWidth }
    guard !widths.isEmpty else {
      quantization = nil
      return
    }
    let path = directory + "/" + QuantizationTable.fileName
    guard access(path, F_OK) == 0 else {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.bits.search: the search has measured no widths (\(path) is not there); run it with \"bits.search\"")
    }
    let table = try QuantizationTable(reading: path, structure.layers)
    if let missing = widths.first(where: { !table.widths.contains($0) }) {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.bits.search: \(missing) bits were not measured, only \(table.widths.map(String.init).joined(separator: ", "))"
      )
    }
    if let missing = analysis.layersOfChosenBits.first(where: { table.weight[$0].isEmpty }) {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.bits: what layer '\(structure.layers[missing].name)' loses in fewer bits was not measured; its widths were given "
          + "when the search ran")
    }
    quantization = table
  }
}
