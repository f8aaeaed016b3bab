using ProxyCluster.Tests.Clustering;

namespace ProxyCluster.Tests.Chaos;

/// <summary>A member from its start to its death: what of it gets out.</summary>
internal sealed class ChaosLife
{
    private readonly FreezableTime _lines = new();
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Stands still while the process is frozen.</summary>
    public FreezableTime Process { get; } = new();

    /// <summary>What is done when it dies, before anything of it is cleared away.</summary>
    public event Action? Ending;

    /// <summary>Completed with its death.</summary>
    public Task Killed => _killed.Task;

    public bool IsOver => Killed.IsCompleted;

    public bool IsFrozen => !Process.Running.IsCompleted;

    public bool IsCutOff => !_lines.Running.IsCompleted;

    /// <summary>Its silo hears the others no more, nor they it; everything else about it is well.</summary>
    public void CutOff() => _lines.Freeze();

    public void Reconnect() => _lines.Thaw();

    /// <summary>It dies, and says nothing any more.</summary>
    public void End()
    {
        Ending?.Invoke();
        _killed.TrySetResult();
        Process.Thaw();
        _lines.Thaw();
    }

    /// <summary>Ends when the process runs.</summary>
    /// <exception cref="IOException">It is dead.</exception>
    public async Task RunAsync()
    {
        await Process.Running;
        if (IsOver)
            throw new IOException("the process is dead");
    }

    /// <summary>Ends when what the silo says reaches others.</summary>
    /// <exception cref="IOException">It is dead.</exception>
    public async Task SpeakAsync()
    {
        await Process.Running;
        await _lines.Running;
        await RunAsync();
    }
}
