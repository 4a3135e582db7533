extension ModelFiles {
  /// The model with changes; every field of the file that they do not name keeps its bytes.
  ///
  /// A tensor in place of one whose data are external is external too: then all external data are packed into one file,
  /// aligned, under the name of the first file that there was.
  /// - Throws: `ONNXError`: `badContent` where the file is damaged or an edit names what it does not have; `unsupported`
  ///   when the result is too large for one file.
  func applying(_ edits: ModelEdits) throws(ONNXError) -> ModelFiles {
    do {
      var editable = try EditableModel(model)
      let changesExternal = try editable.apply(edits, movesLarge: !external.isEmpty)
      var external = external
      if changesExternal {
        let location = external.keys.min() ?? name + ".data"
        let data = try editable.gatherExternal(from: external, into: location)
        external = data.map { [location: $0] } ?? [:]
      }
      return ModelFiles(model: try editable.serialized()[...], external: external, path: path)
    } catch {
      throw error.error(file: path)
    }
  }

  /// What to write for an output file of this name: the ONNX file, then its external data if it has any.
  ///
  /// The external data are one file, named after the output, so that what is written beside the source leaves its data
  /// alone.
  /// - Parameter name: the ONNX file's name, without a folder.
  /// - Throws: `ONNXError` as `applying` does.
  public func outputs(named name: String) throws(ONNXError) -> [(name: String, bytes: ArraySlice<UInt8>)] {
    guard !external.isEmpty else { return [(name, model)] }
    do {
      var editable = try EditableModel(model)
      let locations = try editable.externalLocations()
      guard let first = locations.first else { return [(name, model)] }
      // An output with the source's own name replaces it, or goes to another folder.
      let isRenamed = path.split(separator: "/").last.map(String.init) != name
      var location = name + ".data"
      while isRenamed, external[location] != nil { location += "_" }
      let data: [UInt8]
      if locations.count == 1, let only = external[first] {
        try editable.renameExternal(to: location)
        data = only
      } else {
        data = try editable.gatherExternal(from: external, into: location) ?? []
      }
      return [(name, try editable.serialized()[...]), (location, data[...])]
    } catch {
      throw error.error(file: path)
    }
  }
}
