using System.Threading.Channels;

namespace ProxyCluster.Tests.Walk;

/// <summary>A collaborator that does nothing by itself: every question waits until the test answers it.</summary>
internal sealed class Turns<TQuestion, TAnswer>
{
    private readonly Channel<Turn> _turns = Channel.CreateUnbounded<Turn>();
    private int _count;

    /// <summary>Questions so far.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Asks, as the code under test does.</summary>
    public Task<TAnswer> AskAsync(TQuestion question, CancellationToken cancel)
    {
        var turn = new Turn(question);
        Interlocked.Increment(ref _count);
        Assert.True(_turns.Writer.TryWrite(turn));
        return turn.Answered.Task.WaitAsync(cancel);
    }

    /// <summary>The next question that nobody has answered, once it is asked.</summary>
    public async Task<Turn> NextAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        return await _turns.Reader.ReadAsync(limit.Token);
    }

    /// <summary>One question.</summary>
    internal sealed class Turn(TQuestion question)
    {
        public TQuestion Question => question;

        public TaskCompletionSource<TAnswer> Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
