namespace ProxyCluster.Drills.Relays;

/// <summary>How much a relay holds. Its memory is bounded by the product of both, and close to what is really under way.</summary>
/// <param name="Window">
/// Bytes under way per connection and direction before the sender has to wait. Default 512 KiB: over a lane of 115 ms
/// one way that is 4.5 MB/s per connection, about what TCP with a common window gives.
/// </param>
/// <param name="MaxConnections">Connections at once; further ones are reset. Default 10,000.</param>
internal sealed record RelayLimits(int Window = 512 << 10, int MaxConnections = 10_000);
