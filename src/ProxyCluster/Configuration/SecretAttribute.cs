namespace ProxyCluster.Configuration;

/// <summary>Marks an option whose value is never printed: not by <c>config</c>, not in an error line, not in a log.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute;
