using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ProxyCluster.Joining;
using ProxyCluster.TestKit;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Joining;

public sealed class HostedLoopTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ManualTimeProvider _clock = new();
    private readonly SiloLog _log = new();
    private readonly Loop _loop;

    public HostedLoopTests() => _loop = new Loop(_clock, _log.CreateLogger("test"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _loop.StopAsync(CancellationToken.None);
        _loop.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task Turn_ThrowsThreeTimes_IsSaidOnceAndShownUntilItSucceeds()
    {
        await _loop.StartAsync(Cancel);
        for (var failure = 0; failure < 3; failure++)
        {
            await _loop.TakeAsync(static () => throw new InvalidOperationException("a bug"));
            await _clock.TimerDueIn(HostedLoop.Rest).WaitAsync(Limit, Cancel);
            Assert.Equal(typeof(InvalidOperationException), _loop.TroubleOrNull?.Kind);
            _clock.Advance(HostedLoop.Rest);
        }

        await _loop.TakeAsync(static () => true);
        await _loop.TakeAsync(static () => true);

        Assert.Null(_loop.TroubleOrNull);
        Assert.Equal(["Error test: A turn of Loop failed; it goes on", "Information test: Loop is well again"], _log.Lines);
    }

    [Fact]
    public async Task Turn_ThrowsSomethingElse_IsSaidAgain()
    {
        await _loop.StartAsync(Cancel);
        await _loop.TakeAsync(static () => throw new InvalidOperationException("a bug"));
        await _clock.TimerDueIn(HostedLoop.Rest).WaitAsync(Limit, Cancel);
        _clock.Advance(HostedLoop.Rest);
        await _loop.TakeAsync(static () => throw new TimeoutException("another"));
        await _clock.TimerDueIn(HostedLoop.Rest).WaitAsync(Limit, Cancel);

        Assert.Equal(typeof(TimeoutException), _loop.TroubleOrNull?.Kind);
        Assert.Equal(2, _log.Exceptions.Count);
    }

    [Fact]
    public async Task Turn_CancelledBySomebodyElse_IsAFailureAndNoEnd()
    {
        await _loop.StartAsync(Cancel);
        await _loop.TakeAsync(static () => throw new OperationCanceledException("a collaborator's own limit"));
        await _clock.TimerDueIn(HostedLoop.Rest).WaitAsync(Limit, Cancel);
        _clock.Advance(HostedLoop.Rest);

        await _loop.TakeAsync(static () => true);
        await _loop.TakeAsync(static () => true);
        Assert.Null(_loop.TroubleOrNull);
    }

    [Fact]
    public async Task Turn_HasNothingLeftToDo_EndsTheLoop()
    {
        await _loop.StartAsync(Cancel);
        await _loop.TakeAsync(static () => false);

        await _loop.ExecuteTask!.WaitAsync(Limit, Cancel);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Stop_WhileItRests_EndsItAtOnce()
    {
        await _loop.StartAsync(Cancel);
        await _loop.TakeAsync(static () => throw new InvalidOperationException("a bug"));
        await _clock.TimerDueIn(HostedLoop.Rest).WaitAsync(Limit, Cancel);

        await _loop.StopAsync(Cancel).WaitAsync(Limit, Cancel);
        Assert.True(_loop.ExecuteTask!.IsCompleted);
    }

    private sealed class Loop(TimeProvider clock, ILogger logger) : HostedLoop(clock, logger)
    {
        private readonly Channel<Func<bool>> _turns = Channel.CreateUnbounded<Func<bool>>();

        protected override IEnumerable<Turn> Strands => [async stop => (await _turns.Reader.ReadAsync(stop))()];

        /// <summary>Completes when the loop has begun this turn, and so has ended the one before.</summary>
        public Task TakeAsync(Func<bool> turn)
        {
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _turns.Writer.TryWrite(() =>
            {
                begun.SetResult();
                return turn();
            });
            return begun.Task.WaitAsync(Limit, Cancel);
        }
    }
}
