using Orleans.Runtime;

namespace ProxyCluster.Silos;

/// <summary>
/// What a silo does that was told it is dead. Orleans' answer is to end the process, because its grains run elsewhere by
/// now; ours is to end this life of the silo and to begin another, because what clients ask for is on this disk.
/// </summary>
internal sealed class SiloFatality(Action<string> ended) : IFatalErrorHandler
{
    /// <inheritdoc/>
    public bool IsUnexpected(Exception exception) => true;

    /// <inheritdoc/>
    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null) =>
        ended(exception is null ? context ?? "its silo ended" : $"{context}: {exception.Message}");
}
