import WorkSharing

/// The phases that runs have.
extension RunPhase {
  /// Reading and checking all that is given, and sending it to the other ranks.
  static let prepare = RunPhase("prepare", "preparing")
  /// Making the network ready for its runs.
  static let compile = RunPhase("compile", "compiling")
  /// Reading samples for their digests, by which finished pieces of work are found.
  static let samples = RunPhase("samples", "reading samples")
  /// Finding out how much depends on every channel, or how long every width takes.
  static let measure = RunPhase("measure", "measuring")
  /// Making scores from what was measured.
  static let score = RunPhase("score", "scoring")
  /// Finding out between which values layers read.
  static let ranges = RunPhase("ranges", "measuring ranges")
  /// Finding out what fewer bits cost.
  static let bits = RunPhase("bits", "measuring bits")
  /// Finding the classes that the unchanged network chooses, which stand for labels.
  static let classes = RunPhase("classes", "finding classes")
  /// Running a criterion of the user's.
  static let criterion = RunPhase("criterion", "running the criterion")
  /// Finding the plan.
  static let solve = RunPhase("solve", "solving")
  /// Solving for resamples of the data.
  static let resample = RunPhase("resample", "resampling")
  /// Finding the curve of loss over compression.
  static let curve = RunPhase("curve", "drawing the curve")
  /// Finding the hashes of the data files.
  static let digest = RunPhase("digest", "hashing the data")
  /// Removing channels from the model.
  static let prune = RunPhase("prune", "pruning")
  /// Comparing the pruned model with the masked original.
  static let certify = RunPhase("certify", "certifying")
  /// Making up for what was removed.
  static let repair = RunPhase("repair", "repairing")
  /// Running networks for their losses and accuracies.
  static let evaluate = RunPhase("evaluate", "evaluating")
  /// Finding what a sample takes.
  static let time = RunPhase("time", "timing")
  /// Writing the result.
  static let write = RunPhase("write", "writing")
  /// Writing the page and the record.
  static let report = RunPhase("report", "writing the report")
}
