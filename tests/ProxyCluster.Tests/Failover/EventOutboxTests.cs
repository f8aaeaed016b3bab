using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ProxyCluster.Failover;
using ProxyCluster.Routing;
using ProxyCluster.Telemetry;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Failover;

public sealed class EventOutboxTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTimeProvider _clock = new();
    private readonly FailoverOptions _options = new() { MaxWaitingEvents = 4, DeliveryAttempts = 3 };
    private readonly Receiver _receiver = new();
    private readonly List<EventOutbox> _started = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var outbox in _started)
        {
            await outbox.StopAsync(CancellationToken.None);
            outbox.Dispose();
        }

        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Offer_NewEvents_AreToldInOrderAndOnce()
    {
        var outbox = await StartAsync(_receiver);
        outbox.BeginTerm(0);

        outbox.Offer(Table(1, 2));
        outbox.Offer(Table(1, 2, 3));

        Assert.Equal("1 2 3", await TakeAsync(_receiver, 3));
        await UntilToldAsync(outbox, 3);
    }

    [Fact]
    public async Task Offer_BetweenTerms_TellsNothing()
    {
        var outbox = await StartAsync(_receiver);
        outbox.Offer(Table(1));
        outbox.BeginTerm(0);
        outbox.EndTerm();
        outbox.Offer(Table(1, 2));

        outbox.BeginTerm(2);
        outbox.Offer(Table(1, 2, 3));

        Assert.Equal("3", await TakeAsync(_receiver, 1));
    }

    [Fact]
    public async Task BeginTerm_BehindWhatTheTableSays_TellsTheRest()
    {
        var outbox = await StartAsync(_receiver);
        outbox.BeginTerm(1);

        outbox.Offer(Table(1, 2, 3));

        Assert.Equal("2 3", await TakeAsync(_receiver, 2));
    }

    [Fact]
    public async Task Receiver_Fails_IsAskedAgainWithGrowingPausesThenTheEventIsGivenUp()
    {
        var outbox = await StartAsync(_receiver);
        _receiver.Answer = static change => change.Id == 1 ? "no" : null;
        outbox.BeginTerm(0);
        outbox.Offer(Table(1, 2));

        await _clock.TimerDueIn(TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _clock.TimerDueIn(TimeSpan.FromSeconds(2));
        Assert.Equal(0, outbox.ToldUntil);
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("1 1 1 2", await TakeAsync(_receiver, 4));
        await UntilToldAsync(outbox, 2);
    }

    [Fact]
    public async Task Receiver_Throws_IsAskedAgainAsAfterAFailureAndTheNextEventIsTold()
    {
        var outbox = await StartAsync(_receiver);
        _receiver.Answer = static change => change.Id == 1 ? throw new InvalidOperationException("a bug of the receiver") : null;
        outbox.BeginTerm(0);
        outbox.Offer(Table(1, 2));

        await _clock.TimerDueIn(TimeSpan.FromSeconds(1)).WaitAsync(Limit, Cancel);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await _clock.TimerDueIn(TimeSpan.FromSeconds(2)).WaitAsync(Limit, Cancel);
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("1 1 1 2", await TakeAsync(_receiver, 4));
        await UntilToldAsync(outbox, 2);
    }

    [Fact]
    public async Task Term_EndsBetweenTries_IsTheSuccessorsToTell()
    {
        var outbox = await StartAsync(_receiver);
        _receiver.Answer = static _ => "no";
        outbox.BeginTerm(0);
        outbox.Offer(Table(1));
        await _clock.TimerDueIn(TimeSpan.FromSeconds(1));

        outbox.EndTerm();
        _clock.Advance(TimeSpan.FromSeconds(1));
        outbox.BeginTerm(0);
        _receiver.Answer = static _ => null;
        outbox.Offer(Table(1));

        Assert.Equal("1 1", await TakeAsync(_receiver, 2));
        await UntilToldAsync(outbox, 1);
    }

    [Fact]
    public async Task Receiver_Slow_HoldsUpNobodyElseAndDropsTheOldest()
    {
        var slow = new Receiver { Gate = new TaskCompletionSource() };
        var outbox = await StartAsync(_receiver, slow);
        outbox.BeginTerm(0);
        outbox.Offer(Table(1));
        Assert.Equal("1", await TakeAsync(slow, 1));

        outbox.Offer(Table(1, 2, 3));
        Assert.Equal("1 2 3", await TakeAsync(_receiver, 3));
        outbox.Offer(Table(1, 2, 3, 4, 5, 6, 7));
        Assert.Equal("4 5 6 7", await TakeAsync(_receiver, 4));
        slow.Gate.SetResult();

        Assert.Equal("4 5 6 7", await TakeAsync(slow, 4));
        await UntilToldAsync(outbox, 7);
    }

    [Fact]
    public void ToldUntil_NobodyToTell_IsEverything() => Assert.Equal(long.MaxValue, Create().ToldUntil);

    private EventOutbox Create(params IEventReceiver[] receivers) => new(
        receivers, _options, new ProxyMetrics(_services.GetRequiredService<IMeterFactory>()), _clock, NullLogger<EventOutbox>.Instance);

    private async Task<EventOutbox> StartAsync(params IEventReceiver[] receivers)
    {
        var outbox = Create(receivers);
        _started.Add(outbox);
        await outbox.StartAsync(Cancel);
        return outbox;
    }

    private static RoutingTable Table(params int[] events) => RoutingTable.Empty with
    {
        Epoch = events[^1],
        Events = [.. events.Select(static id => EventReceiverTests.EventOf(id))],
    };

    private static async Task<string> TakeAsync(Receiver receiver, int count)
    {
        var ids = new List<long>();
        while (ids.Count < count)
            ids.Add(await receiver.Told.Reader.ReadAsync(Cancel).AsTask().WaitAsync(Limit, Cancel));
        return string.Join(' ', ids);
    }

    private static Task UntilToldAsync(EventOutbox outbox, long id) =>
        Waiting.UntilAsync(() => outbox.ToldUntil == id, $"event {id} is told");

    private sealed class Receiver : IEventReceiver
    {
        public Channel<long> Told { get; } = Channel.CreateUnbounded<long>();

        public Func<RoutingEvent, string?> Answer { get; set; } = static _ => null;

        public TaskCompletionSource? Gate { get; init; }

        public string Name => "test";

        public async Task<string?> TellAsync(RoutingEvent change, CancellationToken cancel)
        {
            await Told.Writer.WriteAsync(change.Id, cancel);
            if (Gate is not null)
                await Gate.Task.WaitAsync(cancel);
            return Answer(change);
        }
    }
}
