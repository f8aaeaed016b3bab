using System.Text;
using System.Text.Json;
using ProxyCluster.Fetching;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Queries;

namespace ProxyCluster.Tests.Walk;

/// <summary>
/// What two tasks of one query do to what is known: one asks as a client's silo, the other as the owner, as on Orleans
/// they do whenever an owner's own silo has clients.
/// </summary>
public sealed class QueryWalkTests : IAsyncDisposable
{
    private readonly QuerySite _site = new();

    [Fact]
    public async Task Answer_LearnedWhileTheOtherTaskAsked_SurvivesItsFailure()
    {
        var asClient = _site.AskAsync(QuerySite.List);
        var toOwner = await _site.Owner.NextAsync();
        await LearnAsync(QuerySite.List, "v1.0.0\n");

        toOwner.Answered.SetResult(new Failure(FailureKind.NotFound, "scripted"));

        Assert.Equal("v1.0.0\n", Text(await asClient));
        Assert.Equal("v1.0.0\n", _site.FreshOrNull(QuerySite.List));
    }

    [Fact]
    public async Task Answer_AfterTheOtherTasksFailure_IsFresh()
    {
        var asClient = _site.AskAsync(QuerySite.List);
        var toOwner = await _site.Owner.NextAsync();
        var asOwner = _site.AskAsync(QuerySite.List, asOwner: true);
        var toUpstream = await _site.Upstream.NextAsync();

        toOwner.Answered.SetResult(new Failure(FailureKind.NotFound, "scripted"));
        Assert.Equal(FailureKind.NotFound, (await asClient).Failure?.Kind);
        toUpstream.Answered.SetResult(_site.Sends("v1.0.0\n"));

        Assert.Equal("v1.0.0\n", Text(await asOwner));
        Assert.Equal("v1.0.0\n", _site.FreshOrNull(QuerySite.List));
    }

    [Fact]
    public async Task Answer_LearnedWhileTheOtherTaskAsked_StandsInAfterItsOutage()
    {
        // The other task began with nothing known: what it makes of that must not be all that is left.
        var asClient = _site.AskAsync(QuerySite.List);
        var toOwner = await _site.Owner.NextAsync();
        await LearnAsync(QuerySite.List, "v1.0.0\n");
        await FailAsync(toOwner);
        Assert.Equal("v1.0.0\n", Text(await asClient));

        _site.Clock.Advance(TimeSpan.FromHours(1));
        var later = _site.AskAsync(QuerySite.List);
        await FailAsync(await _site.Owner.NextAsync());

        Assert.Equal(("v1.0.0\n", AnswerAge.Stale), TextAndAge(await later));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Lists_OfTwoTasks_AreMergedInEitherOrder(bool clientFirst)
    {
        var asClient = _site.AskAsync(QuerySite.List);
        var toOwner = await _site.Owner.NextAsync();
        var asOwner = _site.AskAsync(QuerySite.List, asOwner: true);
        var toUpstream = await _site.Upstream.NextAsync();
        if (clientFirst)
        {
            toOwner.Answered.SetResult(QuerySite.Tells("v1.1.0\n"));
            await asClient;
            toUpstream.Answered.SetResult(_site.Sends("v1.0.0\n"));
        }
        else
        {
            toUpstream.Answered.SetResult(_site.Sends("v1.0.0\n"));
            await asOwner;
            toOwner.Answered.SetResult(QuerySite.Tells("v1.1.0\n"));
        }

        await Task.WhenAll(asClient, asOwner);
        Assert.Equal("v1.0.0\nv1.1.0\n", _site.FreshOrNull(QuerySite.List));
        await _site.RestartAsync();
        Assert.Equal("v1.0.0\nv1.1.0\n", Text(await _site.AskAsync(QuerySite.List, cachedOnly: true)));
    }

    [Fact]
    public async Task Branch_OlderAnswerAfterANewerOne_ChangesNeitherMemoryNorDisk()
    {
        var asClient = _site.AskAsync(QuerySite.Branch);
        var toOwner = await _site.Owner.NextAsync();
        await LearnAsync(QuerySite.Branch, QuerySite.Info("v1.1.0"));

        toOwner.Answered.SetResult(QuerySite.Tells(QuerySite.Info("v1.0.0"), age: 30));

        Assert.Equal(QuerySite.Info("v1.1.0"), Text(await asClient));
        Assert.Equal(QuerySite.Info("v1.1.0"), _site.FreshOrNull(QuerySite.Branch));
        await _site.RestartAsync();
        Assert.Equal(QuerySite.Info("v1.1.0"), Text(await _site.AskAsync(QuerySite.Branch, cachedOnly: true)));
    }

    [Fact]
    public async Task NotModified_OfWhatWasKnownWhenItWasAsked_CountsFromWhenUpstreamSaidIt()
    {
        var learning = _site.AskAsync(QuerySite.Branch, asOwner: true);
        (await _site.Upstream.NextAsync()).Answered.SetResult(_site.Sends(QuerySite.Info("v1.0.0"), "\"first\""));
        await learning;
        _site.Clock.Advance(TimeSpan.FromHours(1));

        // 1. The owner asks with the first answer's validators, and the client's silo learns of another meanwhile.
        var asOwner = _site.AskAsync(QuerySite.Branch, asOwner: true);
        var toUpstream = await _site.Upstream.NextAsync();
        Assert.Equal("\"first\"", toUpstream.Question.Validators?.ETag);
        var asClient = _site.AskAsync(QuerySite.Branch);
        (await _site.Owner.NextAsync()).Answered.SetResult(QuerySite.Tells(QuerySite.Info("v1.1.0"), age: 5));
        Assert.Equal(QuerySite.Info("v1.1.0"), Text(await asClient));

        // 2. Upstream says that the first is current.
        toUpstream.Answered.SetResult(UpstreamAnswer.Unchanged("test", toUpstream.Question.Validators!));

        Assert.Equal(QuerySite.Info("v1.0.0"), Text(await asOwner));
        Assert.Equal(QuerySite.Info("v1.0.0"), _site.FreshOrNull(QuerySite.Branch));
        await _site.RestartAsync();
        Assert.Equal(QuerySite.Info("v1.0.0"), Text(await _site.AskAsync(QuerySite.Branch, cachedOnly: true)));
    }

    [Fact]
    public async Task Askers_OfOneQuery_ShareAQuestionAndWhoLeavesEndsItForNobody()
    {
        using var leaving = new CancellationTokenSource();
        var first = _site.AskAsync(QuerySite.List, cancel: leaving.Token);
        var toOwner = await _site.Owner.NextAsync();
        var second = _site.AskAsync(QuerySite.List);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        toOwner.Answered.SetResult(QuerySite.Tells("v1.0.0\n"));

        Assert.Equal("v1.0.0\n", Text(await second));
        Assert.Equal(1, _site.Owner.Count);
    }

    [Fact]
    public async Task Answer_ThatNobodyWaitsForAnyMore_IsLearned()
    {
        using var leaving = new CancellationTokenSource();
        var only = _site.AskAsync(QuerySite.List, cancel: leaving.Token);
        var toOwner = await _site.Owner.NextAsync();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only);

        toOwner.Answered.SetResult(QuerySite.Tells("v1.0.0\n"));

        // Whoever comes now joins the task or finds what it learned.
        Assert.Equal("v1.0.0\n", Text(await _site.AskAsync(QuerySite.List)));
        Assert.Equal(1, _site.Owner.Count);
    }

    [Theory]
    [InlineData(59, "Hit", 0)]
    [InlineData(60, "Stale", 1)]
    [InlineData(659, "Stale", 1)]
    [InlineData(660, "Miss", 1)]
    public async Task Answer_OfAnAge_IsGivenOrAskedForAgain(int seconds, string expected, int questions)
    {
        await LearnAsync(QuerySite.List, "v1.0.0\n");
        _site.Clock.Advance(TimeSpan.FromSeconds(seconds));
        var given = _site.AskAsync(QuerySite.List);
        if (questions > 0)
        {
            var toOwner = await _site.Owner.NextAsync();
            if (expected == "Stale")
                Assert.Equal(("v1.0.0\n", AnswerAge.Stale), TextAndAge(await given));
            toOwner.Answered.SetResult(QuerySite.Tells("v1.1.0\n"));
        }

        Assert.Equal(expected, (await given).Value.Age.ToString());
        Assert.Equal(questions, _site.Owner.Count);
    }

    [Fact]
    public async Task Answer_OfTheOwner_IsAsOldAsItSays()
    {
        var asked = _site.AskAsync(QuerySite.List);
        (await _site.Owner.NextAsync()).Answered.SetResult(QuerySite.Tells("v1.0.0\n", age: 50));
        await asked;
        _site.Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal("v1.0.0\n", _site.FreshOrNull(QuerySite.List));
        _site.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_site.FreshOrNull(QuerySite.List));
    }

    [Theory]
    [InlineData(59, "Miss")]
    [InlineData(60, "Stale")]
    [InlineData(8 * 86400, "Stale")] // the owner's affair: its bounds may be other than ours
    public async Task Answer_OfTheOwnerThatIsOldAlready_IsGivenAndSaidToBeOld(int age, string expected)
    {
        var asked = _site.AskAsync(QuerySite.List);
        (await _site.Owner.NextAsync()).Answered.SetResult(QuerySite.Tells("v1.0.0\n", age));
        Assert.Equal(("v1.0.0\n", Enum.Parse<AnswerAge>(expected)), TextAndAge(await asked));
    }

    [Fact]
    public async Task Failure_NewerThanAnAnswerThatIsFreshStill_IsNobodysAnswer()
    {
        // The owner's task asks upstream, and the client's learns of an answer half a minute old meanwhile.
        var asOwner = _site.AskAsync(QuerySite.List, asOwner: true);
        var toUpstream = await _site.Upstream.NextAsync();
        var asClient = _site.AskAsync(QuerySite.List);
        (await _site.Owner.NextAsync()).Answered.SetResult(QuerySite.Tells("v1.0.0\n", age: 30));
        await asClient;

        toUpstream.Answered.SetResult(QuerySite.Fails(FailureKind.NotFound));

        Assert.Equal("v1.0.0\n", Text(await asOwner));
        Assert.Equal(("v1.0.0\n", AnswerAge.Hit), TextAndAge(await _site.AskAsync(QuerySite.List)));
    }

    [Fact]
    public async Task Answer_WrittenForAMember_IsAsOldAsItIsThen()
    {
        await LearnAsync(QuerySite.List, "v1.0.0\n");
        var answer = await _site.AskForMemberAsync(QuerySite.List);
        _site.Clock.Advance(TimeSpan.FromMinutes(15));
        var sent = JsonSerializer.Deserialize(_site.Walk.WriteForMember(answer), PeerJson.Default.PeerAnswer)!;
        Assert.Equal(("v1.0.0\n", 900, "test"), (Encoding.UTF8.GetString(sent.Body), sent.AgeSeconds, sent.Upstream));
        Assert.Null(sent.Bridged);
    }

    [Fact]
    public async Task Bridge_OfTheOwner_IsThatOfTheSiloThatAsksIt()
    {
        // 1. The owner has heard of a version, and a minute and a half later of one less.
        await using var owner = new QuerySite(("Queries:StaleWhileRevalidate", "0s"));
        QueryAnswer answer = null!;
        foreach (var body in (string[])["v1.0.0\nv1.1.0\n", "v1.0.0\n"])
        {
            owner.Clock.Advance(TimeSpan.FromSeconds(90));
            var asked = owner.AskForMemberAsync(QuerySite.List);
            (await owner.Upstream.NextAsync()).Answered.SetResult(owner.Sends(body));
            answer = await asked;
        }

        var told = JsonSerializer.Deserialize(owner.Walk.WriteForMember(answer), PeerJson.Default.PeerAnswer)!;
        Assert.Equal("v1.0.0\n", Encoding.UTF8.GetString(told.Body));
        Assert.Equal([KeyValuePair.Create("v1.1.0", 90.0)], told.Bridged!);

        // 2. Another silo, which never heard of it, lists it as long as the owner does and no longer.
        await using var other = new QuerySite(("Queries:StaleWhileRevalidate", "0s"));
        foreach (var (minutes, expected) in ((int, string)[])[(0, "v1.0.0\nv1.1.0\n"), (8, "v1.0.0\nv1.1.0\n"), (1, "v1.0.0\n")])
        {
            other.Clock.Advance(TimeSpan.FromMinutes(minutes));
            var asked = other.AskAsync(QuerySite.List);
            (await other.Owner.NextAsync()).Answered.SetResult(minutes == 0 ? told : QuerySite.Tells("v1.0.0\n"));
            Assert.Equal((expected, AnswerAge.Miss), TextAndAge(await asked));
        }
    }

    [Fact]
    public async Task Bridge_OfAMemberThatTalksNonsense_ListsNone()
    {
        var asked = _site.AskAsync(QuerySite.List);
        var told = new PeerAnswer("v1.0.0\n"u8.ToArray(), 0, "test", new Dictionary<string, double>
        {
            ["v1.1.0"] = 5,
            ["v1.2"] = 5,
            ["a\nb"] = 5,
            ["v2.0.0"] = 5,
            ["v1.2.1-0.20240102030405-abcdef012345"] = 5,
            ["v1.3.0"] = 1e300,
        });
        (await _site.Owner.NextAsync()).Answered.SetResult(told);
        Assert.Equal("v1.0.0\nv1.1.0\n", Text(await asked));
    }

    [Fact]
    public async Task OwnersWord_ThatCannotBeTheAnswer_HasUpstreamAsked()
    {
        var asked = _site.AskAsync(QuerySite.Branch);
        (await _site.Owner.NextAsync()).Answered.SetResult(QuerySite.Tells(QuerySite.Info("main")));
        (await _site.Upstream.NextAsync()).Answered.SetResult(_site.Sends(QuerySite.Info("v1.0.0")));
        Assert.Equal(QuerySite.Info("v1.0.0"), Text(await asked));
    }

    [Fact]
    public async Task Owner_KnownToBeSilent_IsNotWaitedFor()
    {
        _site.IsOwnerSilent = true;
        var asked = _site.AskAsync(QuerySite.List);
        (await _site.Upstream.NextAsync()).Answered.SetResult(_site.Sends("v1.0.0\n"));
        Assert.Equal("v1.0.0\n", Text(await asked));
        Assert.Equal(0, _site.Owner.Count);
    }

    [Fact]
    public async Task CachedOnly_NothingKnown_AsksNobodyAndIsNoAbsence()
    {
        Assert.Equal(FailureKind.NotCached, (await _site.AskAsync(QuerySite.List, cachedOnly: true)).Failure?.Kind);
        Assert.Equal((0, 0), (_site.Owner.Count, _site.Upstream.Count));
    }

    [Fact]
    public async Task Memory_WithoutRoomForAll_LosesNoAnswerAndGoesBackForNone()
    {
        // Each list fills half of the memory: what is known of the first has left it when its other task ends.
        await using var site = new QuerySite(("Queries:MemoryBytes", "1MiB"));
        var big = string.Concat(Enumerable.Range(0, 60_000).Select(static i => $"v1.0.{i}\n"));
        var other = QuerySite.List with { Path = ModulePath.Parse("example.com/other") };
        var third = QuerySite.List with { Path = ModulePath.Parse("example.com/third") };
        var asClient = site.AskAsync(QuerySite.List);
        var toOwner = await site.Owner.NextAsync();
        foreach (var query in (Query[])[QuerySite.List, other, third])
        {
            var asOwner = site.AskAsync(query, asOwner: true);
            (await site.Upstream.NextAsync()).Answered.SetResult(site.Sends(big));
            await asOwner;
        }

        Assert.Null(site.FreshOrNull(QuerySite.List));
        toOwner.Answered.SetResult(QuerySite.Tells("v1.1.0\n", age: 30));

        Assert.Equal(big + "v1.1.0\n", Text(await asClient));
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    // The owner's task, from its question to its answer.
    private async Task LearnAsync(Query query, string body)
    {
        var asOwner = _site.AskAsync(query, asOwner: true);
        (await _site.Upstream.NextAsync()).Answered.SetResult(_site.Sends(body));
        Assert.Equal(body, Text(await asOwner));
    }

    // The engine's owner cannot reach upstream, and neither can we.
    private async Task FailAsync(Turns<Query, Outcome<PeerAnswer>>.Turn toOwner)
    {
        toOwner.Answered.SetResult(new Failure(FailureKind.UpstreamUnavailable, "scripted"));
        (await _site.Upstream.NextAsync()).Answered.SetResult(QuerySite.Fails());
    }

    private static string Text(Outcome<GivenAnswer> outcome) => TextAndAge(outcome).Text;

    private static (string Text, AnswerAge Age) TextAndAge(Outcome<GivenAnswer> outcome)
    {
        Assert.Null(outcome.Failure);
        return (Encoding.UTF8.GetString(outcome.Value.Served!.Body), outcome.Value.Age);
    }
}
