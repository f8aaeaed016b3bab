using System.Net;
using ProxyCluster.Etcd;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Etcd;

/// <summary>
/// Which endpoint a call ends at, on a clock of the test's own. Against real processes the claim cannot be made: an
/// endpoint is avoided for a time, and a machine that is busy enough lets it pass before anybody looks.
/// </summary>
public sealed class EtcdClientFailoverTests : IDisposable
{
    private static readonly Uri Frozen = new("http://frozen:2379");
    private static readonly Uri Well = new("http://well:2379");
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly List<string> _asked = [];
    private readonly EtcdClient _client;

    public EtcdClientFailoverTests() => _client = new EtcdClient(
        new EtcdOptions { Endpoints = [Frozen, Well], CallTimeout = CallTimeout }, _clock, new Transport(_asked));

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Call_FirstEndpointFrozen_SecondAnswersAndIsAskedFirstWhileTheFirstIsAvoided()
    {
        Assert.Null((await ReadPastTheFrozenAsync()).Error);
        Assert.Equal(["frozen", "well"], _asked);

        Assert.Equal([Well, Frozen], _client.Endpoints.InOrder());
        Assert.Null((await ReadAsync()).Error);
        Assert.Equal(["frozen", "well", "well"], _asked);
    }

    [Fact]
    public async Task Call_FrozenEndpointsTimeIsOver_ItIsTriedOnceMoreAndAvoidedForLonger()
    {
        await ReadPastTheFrozenAsync();
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Null((await ReadPastTheFrozenAsync()).Error);
        Assert.Equal(["frozen", "well", "frozen", "well"], _asked);

        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal([Well, Frozen], _client.Endpoints.InOrder());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([Frozen, Well], _client.Endpoints.InOrder());
    }

    [Fact]
    public async Task Call_WhileAnotherTriesTheFrozenEndpoint_GoesRoundIt()
    {
        await ReadPastTheFrozenAsync();
        _clock.Advance(TimeSpan.FromSeconds(5));
        var trying = ReadAsync();

        Assert.Null((await ReadAsync()).Error);

        Assert.Equal(["frozen", "well", "frozen", "well"], _asked);
        _clock.Advance(CallTimeout);
        Assert.Null((await trying).Error);
        Assert.Equal(["frozen", "well", "frozen", "well", "well"], _asked);
    }

    [Fact]
    public async Task Call_AnswerIsNotEtcds_Unreachable()
    {
        // Without a header it is nobody's answer, and no empty store.
        using var client = new EtcdClient(new EtcdOptions { Endpoints = [Well] }, _clock, new Transport(_asked, "{}"));

        var error = (await client.RangeAsync(new EtcdRangeRequest("/k"u8.ToArray()), TestContext.Current.CancellationToken)).Error;

        Assert.Equal(EtcdErrorKind.Unreachable, error!.Kind);
    }

    private Task<EtcdResult<EtcdRangeResponse>> ReadAsync() =>
        _client.RangeAsync(new EtcdRangeRequest("/k"u8.ToArray()), TestContext.Current.CancellationToken);

    private async Task<EtcdResult<EtcdRangeResponse>> ReadPastTheFrozenAsync()
    {
        var reading = ReadAsync();
        await _clock.TimerDueIn(CallTimeout);
        _clock.Advance(CallTimeout);
        return await reading;
    }

    /// <summary>One endpoint never answers, the other says that there is no such key.</summary>
    private sealed class Transport(List<string> asked, string answer = Transport.NoSuchKey) : HttpMessageHandler
    {
        private const string NoSuchKey = """{"header":{"revision":"1"}}""";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            asked.Add(request.RequestUri!.Host);
            if (request.RequestUri.Host == Frozen.Host)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer) };
        }
    }
}
