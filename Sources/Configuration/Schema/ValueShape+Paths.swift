extension ConfigurationChange {
  /// The change with every relative path in its value made to start at a folder.
  ///
  /// In a configuration paths start at its own folder; on a command line they start where one is.
  public func startingPaths(at directory: String) -> ConfigurationChange {
    guard value != nil else { return self }
    let alone = applied(to: .object(JSONObject()))
    let moved = ValueShape.object(ConfigurationObjects.root).startingPaths(in: alone, at: directory)
    return ConfigurationChange(path, to: path.reduce(moved) { $0?[$1] })
  }
}

extension ValueShape {
  /// A value of this shape with every relative path in it made to start at a folder; what has another shape stays as it is.
  fileprivate func startingPaths(in value: JSONValue, at directory: String) -> JSONValue {
    switch (self, value) {
    case (.path, .string(let text)):
      // What a configuration may not say is left for its reader to refuse.
      let isRefused = text.isEmpty || text == "~" || text.hasPrefix("~/")
      return isRefused ? value : .string(FileReference(text, relativeTo: directory).path)
    case (.list(let element, _, _), .array(let elements)):
      return .array(elements.map { element.startingPaths(in: $0, at: directory) })
    case (.map(_, let shape, _), .object(let object)):
      return .object(object.mapped { _, value in shape.startingPaths(in: value, at: directory) })
    case (.object(let description), .object(let object)):
      return .object(
        object.mapped { key, value in
          description.keys.first { $0.name == key }?.shape.startingPaths(in: value, at: directory) ?? value
        })
    case (.called(_, let shape), _): return shape.startingPaths(in: value, at: directory)
    case (.either(let shapes), _):
      return shapes.first { $0.fits(value) }?.startingPaths(in: value, at: directory) ?? value
    default: return value
    }
  }

  /// Whether a value has the outline of this shape: which of several shapes it is meant to have.
  private func fits(_ value: JSONValue) -> Bool {
    switch (self, value) {
    case (.path, .string), (.string, .string), (.text, .string), (.choice, .string), (.boolean, .boolean): true
    case (.integer, .integer), (.number, .integer), (.number, .number), (.list, .array): true
    case (.constant(let constant), _): value == constant
    case (.map(_, let shape, _), .object(let object)): object.members.allSatisfy { shape.fits($0.value) }
    case (.object(let description), .object(let object)):
      object.members.allSatisfy { member in
        description.keys.contains { $0.name == member.key && $0.shape.fits(member.value) }
      }
    case (.called(_, let shape), _): shape.fits(value)
    case (.either(let shapes), _): shapes.contains { $0.fits(value) }
    default: false
    }
  }
}

extension JSONObject {
  /// The same keys with other values.
  fileprivate func mapped(_ transform: (_ key: String, _ value: JSONValue) -> JSONValue) -> JSONObject {
    JSONObject(distinct: members.map { Member(key: $0.key, value: transform($0.key, $0.value)) })
  }
}
