import Configuration
import Networks

/// Which indices of every changed tensor stay: the content of `channels.json`.
struct ChannelMap {
  let changes: [TensorChange]

  var json: JSONValue {
    var document = JSONObject()
    document["format_version"] = 1
    document["tensors"] = .array(changes.map(\.json))
    return .object(document)
  }
}

extension TensorChange {
  fileprivate var json: JSONValue {
    var tensor = JSONObject()
    tensor["name"] = .string(name)
    if original != name { tensor["original_name"] = .string(original) }
    tensor["kind"] = .string(kind == .initializer ? "initializer" : "activation")
    tensor["shape_before"] = .array(before.map { .integer($0) })
    tensor["axes"] = .array(
      axes.map { axis in
        let lists = axis.kept.map { JSONValue.array($0.map { .integer($0) }) }
        let isPerGroup = axis.kept.count > 1
        return [
          "axis": .integer(axis.axis), isPerGroup ? "kept_per_group" : "kept": isPerGroup ? .array(lists) : lists[0],
        ]
      })
    return .object(tensor)
  }
}
