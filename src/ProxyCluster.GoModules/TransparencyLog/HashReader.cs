namespace ProxyCluster.GoModules.TransparencyLog;

/// <summary>
/// Gives the hash of a complete subtree: the one over records <c>[index × 2^level, (index + 1) × 2^level)</c>.
/// </summary>
/// <param name="level">Tree level; 0 is the leaves.</param>
/// <param name="index">Number of the subtree in its level.</param>
public delegate Digest HashReader(int level, long index);
