using System.Collections.Concurrent;
using ProxyCluster.Credentials;

namespace ProxyCluster.Tests.Credentials;

/// <summary>A command that answers by script and remembers what it was asked.</summary>
internal sealed class ScriptedCommand(Func<IReadOnlyList<string>, string, CommandResult> answer)
{
    private readonly ConcurrentQueue<(string Words, string Input)> _calls = new();

    /// <summary>Holds every run until it is completed.</summary>
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsHeld { get; set; }

    public IReadOnlyList<string> Calls => [.. _calls.Select(static call => call.Words)];

    public IReadOnlyList<string> Inputs => [.. _calls.Select(static call => call.Input)];

    public async Task<CommandResult> RunAsync(IReadOnlyList<string> words, string input, CancellationToken cancel)
    {
        _calls.Enqueue((string.Join(' ', words), input));
        if (IsHeld)
            await Gate.Task.WaitAsync(cancel);
        return answer(words, input);
    }

    public static CommandResult Prints(string text) => new(text, null);
}
