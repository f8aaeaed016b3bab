namespace ProxyCluster.Configuration;

/// <summary>
/// Marks a whole-number option that is a size, so that it may be written as <c>64MiB</c>. Properties whose name contains
/// <c>Bytes</c> are sizes without it.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ByteSizeAttribute : Attribute;
