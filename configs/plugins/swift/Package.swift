// swift-tools-version: 6.2
import PackageDescription

// A criterion and a solver for prune-cluster. To begin plug-ins of your own copy this folder, and give the path of a checkout.
let package = Package(
  name: "plugins",
  dependencies: [.package(name: "prune-cluster", path: "../../..")],
  targets: ["distinct-channels", "lagrangian"].map { name in
    .executableTarget(
      name: name, dependencies: [.product(name: "PruneClusterPlugins", package: "prune-cluster")])
  }
)
