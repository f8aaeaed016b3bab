using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Joining;
using ProxyCluster.Lines;
using ProxyCluster.Outcomes;
using ProxyCluster.Policy;
using ProxyCluster.Queries;
using ProxyCluster.Storage;

namespace ProxyCluster.Walk;

/// <summary>
/// The walk of a query: gate, what is known, else whoever owns it, and what they say is learned.
/// <para>
/// The owner is the one of its module path in the cluster, who asks upstream for everybody, or upstream itself where that
/// is this silo or nobody else answers: the same hand-over as for artifacts. However many clients ask, one task per query
/// asks others, and one asks upstream. The two must not be one: a silo may be asked as the owner of what it is waiting for
/// as a client's silo, always so on Orleans. What each hears is a step from what is known when it hears it.
/// </para>
/// <para>
/// Members tell each other what upstream said. What a client sees is made of that at the silo that it asks, and of what is
/// stored there, which answers for itself where upstream does not. Other silos are asked for what they have stored only where
/// a version would go that was listed until now: one that any of them could serve is bridged for another while.
/// </para>
/// </summary>
internal sealed partial class QueryWalk : IDisposable, IAsyncDisposable
{
    // The owner lives in this silo: it learned from upstream itself, validators and failures included, and its word as a
    // member's would replace that by less.
    private static readonly QueryAnswer LearnedHere = new([], DateTimeOffset.MinValue, "", null, null);

    // For a look at records, without a word to upstream.
    private static readonly TimeSpan StoresAnswerWithin = TimeSpan.FromSeconds(2);

    private readonly ModuleGate _gate;
    private readonly ClusterSelf _self;
    private readonly QueryCache _known;
    private readonly QueryUpstream _upstream;
    private readonly StoredVersions _stored;
    private readonly PeerQueries _peers;
    private readonly Pulse _pulse;
    private readonly HedgedAsk _hedged;
    private readonly PeerOptions _lines;
    private readonly QueryOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<QueryWalk> _logger;
    private readonly IQueryCalls? _calls;
    private readonly CancellationTokenSource _stop;
    private readonly JoinedTasks<(Query Query, bool AsOwner), QueryState> _asking;

    public QueryWalk(
        ModuleGate gate,
        ClusterSelf self,
        QueryCache known,
        QueryUpstream upstream,
        StoredVersions stored,
        PeerQueries peers,
        Pulse pulse,
        HedgedAsk hedged,
        IOptions<PeerOptions> lines,
        IOptions<QueryOptions> options,
        IHostApplicationLifetime lifetime,
        TimeProvider clock,
        ILogger<QueryWalk> logger,
        IQueryCalls? calls = null)
    {
        _gate = gate;
        _self = self;
        _known = known;
        _upstream = upstream;
        _stored = stored;
        _peers = peers;
        _pulse = pulse;
        _hedged = hedged;
        _lines = lines.Value;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
        _calls = calls;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopped);
        _asking = new(_stop.Token);
    }

    /// <summary>
    /// Answers a query: from what is known where that is good enough, otherwise from upstream, as far as the ask goes. As
    /// <see cref="AskLevel.Stored"/> nobody is asked, as <see cref="AskLevel.Home"/> no other member is.
    /// </summary>
    public async ValueTask<Outcome<GivenAnswer>> AskAsync(Ask ask, CancellationToken cancel)
    {
        // 1. May it be asked?
        if (_gate.Judge(ask).Refusal is { } refusal)
            return refusal;

        // 2. What upstream said; or what the store says, where upstream says nothing. Judged again: it may have taken its time.
        ServedBody served;
        var found = await FindOrRefreshAsync(ask, cancel);
        _gate.Renew(ask);
        var version = _gate.VersionFor(ask);
        var verdict = _gate.Judge(ask);
        if (verdict.Refusal is { } since)
            return since;
        if (found.TryGet(out var known, out var failure))
        {
            if (RefusedNameOrNull(ask, known.Answer) is { } hidden)
                return new GivenAnswer(null, known.Age, hidden);
            served = await SeeAsync(ask, known.Answer, verdict.IsForAnybody ? version : 0, cancel);
        }
        else if (await _stored.AnswerOrNullAsync(ask, cancel) is { } body)
            (served, known) = (new ServedBody(body, EntityTag.Of(body), 0), known with { Age = AnswerAge.Stale });
        else
            return failure;

        _known.Count(ask.What.Query.Label, known.Age);
        return new GivenAnswer(served, known.Age);
    }

    /// <summary>
    /// The same for another member, which is told what upstream said: it has a store of its own. Or, as
    /// <see cref="AskLevel.Stored"/>, what a list would be of this store alone.
    /// </summary>
    public async ValueTask<Outcome<QueryAnswer>> AskForMemberAsync(Ask ask, CancellationToken cancel)
    {
        if (_gate.Judge(ask).Refusal is { } refusal)
            return refusal;

        if (ask.IsCachedOnly)
            return new QueryAnswer(await _stored.AnswerOrNullAsync(ask, cancel) ?? [], _clock.GetUtcNow(), "", null, null);

        // Not counted: it is one step of a client's ask at another silo, or at this one.
        var found = await FindOrRefreshAsync(ask, cancel);
        return found.TryGet(out var known, out var failure) ? known.Answer : failure;
    }

    /// <summary>An answer as another member reads it, to be sent now: its age is that of this moment.</summary>
    public byte[] WriteForMember(QueryAnswer answer)
    {
        var now = _clock.GetUtcNow();
        return JsonSerializer.SerializeToUtf8Bytes(
            new PeerAnswer(
                answer.Body, AgeOf(answer.AskedAt), answer.Upstream, answer.Bridged?.ToDictionary(pair => pair.Key, pair => AgeOf(pair.Value))),
            PeerJson.Default.PeerAnswer);

        double AgeOf(DateTimeOffset at) => Math.Max(0, (now - at).TotalSeconds);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    /// <summary>As <see cref="Dispose"/>, and waits for the end of work that writes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _asking.EndedAsync();
        Dispose();
    }

    // What a client sees of an answer, made again for every look but those of the fast path: the store changes too.
    private async ValueTask<ServedBody> SeeAsync(Ask ask, QueryAnswer answer, int acceptedBy, CancellationToken cancel)
    {
        var query = ask.What.Query;
        var stored = query.Kind == QueryKind.List
            ? _stored.Find(ask, VersionList.Parse(query.Path, answer.Body).Tagged.ToHashSet(StringComparer.Ordinal).Contains)
                .Select(static module => module.Version).Where(static version => !PseudoVersion.IsPseudo(version)).ToList()
            : [];
        var body = QueryView.Served(query, answer, stored, _gate.HidesSomeOf(ask) ? IsShown : null);
        if ((await _known.FindAsync(query, cancel)).Served is { } known && known.AcceptedBy == acceptedBy && known.Body.AsSpan().SequenceEqual(body))
            return known;

        var served = new ServedBody(body, EntityTag.Of(body), acceptedBy);
        await _known.ChangeAsync(query, newest => newest.Answer == answer ? newest with { Served = served } : newest, cancel);
        return served;

        bool IsShown(string version) => !ModuleVersion.TryCreate(query.Path, version, out var module, out _)
            || _gate.WhyNotNamedOrNull(ask, module, answer.Upstream, _stored.RecordOrNull) is null;
    }

    // Of @latest and of revisions: why the version that is named will not be given, where it will not.
    private Failure? RefusedNameOrNull(Ask ask, QueryAnswer answer) =>
        ask.What.Query.Kind != QueryKind.List
        && _gate.HidesSomeOf(ask)
        && VersionInfo.TryParse(answer.Body, out var info, out _)
        && ModuleVersion.TryCreate(ask.What.Query.Path, info.Version, out var module, out _)
            ? _gate.WhyNotNamedOrNull(ask, module, answer.Upstream, _stored.RecordOrNull)
            : null;

    private async ValueTask<Outcome<FoundAnswer>> FindOrRefreshAsync(Ask ask, CancellationToken cancel)
    {
        var (query, cachedOnly, asOwner) = (ask.What.Query, ask.IsCachedOnly, ask.Level == AskLevel.Home);

        // 1. Known, and good enough?
        Asking.Enter(ask.Who.Lane, cancel);
        var known = await KnownAsync(query, cancel);
        switch (FreshnessOf(known))
        {
            case Freshness.Fresh:
                return new FoundAnswer(known.Answer!, AnswerAge.Hit);

            case Freshness.Revalidate:
                if (!cachedOnly)
                    _ = RefreshAsync(query, asOwner, CancellationToken.None);
                return new FoundAnswer(known.Answer!, AnswerAge.Stale);

            case Freshness.StaleAfterError:
                return new FoundAnswer(known.Answer!, AnswerAge.Stale);

            // Who asks for what is here is not told of an outage that kept us from asking others.
            case Freshness.Failed when !cachedOnly || known.Failure!.IsProvenAbsence:
                return known.Failure!;
        }

        // 2. Have it asked for, once for all who ask now. Who was asked may have had to make do with an old one.
        var began = _clock.GetUtcNow();
        var newest = cachedOnly ? known : await RefreshAsync(query, asOwner, cancel);
        if (!cachedOnly && (newest.Failure is null || FreshnessOf(newest) == Freshness.Fresh))
        {
            var isNew = newest.Answer!.AskedAt >= began || FreshnessOf(newest) == Freshness.Fresh;
            return new FoundAnswer(newest.Answer, isNew ? AnswerAge.Miss : AnswerAge.Stale);
        }

        // 3. Old is better than nothing.
        if (QueryFreshness.UsableDespiteError(newest, _clock.GetUtcNow(), _options))
            return new FoundAnswer(newest.Answer!, AnswerAge.Stale);

        return cachedOnly ? new Failure(FailureKind.NotCached, $"{query} is not in the cache") : newest.Failure!;
    }

    // At the owner, its own clients and the other members wait for the same answer of upstream.
    private Task<QueryState> RefreshAsync(Query query, bool asOwner, CancellationToken cancel) =>
        _asking.RunAsync((query, asOwner || (_calls is null && PathOf(query, AskLevel.Region).Length == 1)), RefreshAsync, cancel);

    private async Task<QueryState> RefreshAsync((Query Query, bool AsOwner) asked, CancellationToken cancel)
    {
        // 1. Somebody may have refreshed it between our look and this task.
        var query = asked.Query;
        var rewrite = _gate.RewriteOrNull(query.Path);
        var known = (await _known.FindAsync(query, cancel)).At(rewrite);
        if (FreshnessOf(known) is Freshness.Fresh or Freshness.StaleAfterError or Freshness.Failed)
            return known;

        // 2. Ask; "not modified" comes back as the known body.
        var began = _clock.GetUtcNow();
        var outcome = await AskOwnerAsync(query, rewrite, known.Answer, asked.AsOwner, cancel);

        // 3. Learn, from what is known by now.
        if (outcome.TryGet(out var told, out var failure))
        {
            if (ReferenceEquals(told, LearnedHere))
                return (await _known.FindAsync(query, cancel)).At(rewrite);

            told = QueryView.Bridging(told, await StoredElsewhereAsync(query, QueryView.Lost(query, known.Answer, told, _options.BridgeFor), cancel));
            return await _known.ChangeAsync(query, newest => newest.At(rewrite).Learn(query, told, _clock.GetUtcNow(), _options.BridgeFor), cancel);
        }

        // That there was no room for it, or that whoever asked had left, says nothing to the next one.
        if (failure.Kind == FailureKind.Overloaded)
            return (await _known.FindAsync(query, cancel)).At(rewrite).Fail(failure, began, _clock.GetUtcNow(), _options.BridgeFor);

        if (known.Answer is not null && known.Failure is null)
            Log.RefreshFailed(_logger, query.Path.Value, query.Name, failure.ToString());
        return await _known.ChangeAsync(query, newest => newest.At(rewrite).Fail(failure, began, _clock.GetUtcNow(), _options.BridgeFor), cancel);
    }

    private Task<Outcome<QueryAnswer>> AskOwnerAsync(Query query, PolicyRewrite? rewrite, QueryAnswer? known, bool asOwner, CancellationToken cancel)
    {
        // A region does not need an owner of its own here: every silo keeps what it was told, and it is told little.
        var steps = _pulse.Prefer(PathOf(query, asOwner ? AskLevel.Home : AskLevel.Region));
        if (_calls is { IsSilent: false } && !asOwner)
            steps = steps.Insert(0, AskStep.Engine);
        if (steps.Length == 1)
            return _upstream.AskAsync(query, rewrite, known, cancel);

        // What the owner in this very silo has failed at, the silo does not ask upstream over again.
        Failure? failedHere = null;
        return _hedged.RunAsync(
            steps,
            (step, alive, stop) => step.IsEngine ? TakeFromOwnerAsync(alive, stop)
                : step.Peer is { } peer ? TakeFromPeerAsync(query, peer, alive, stop)
                : failedHere is { } failed ? Task.FromResult<Outcome<QueryAnswer>>(failed)
                : _upstream.AskAsync(query, rewrite, known, stop),
            cancel);

        async Task<Outcome<QueryAnswer>> TakeFromOwnerAsync(Action alive, CancellationToken stop)
        {
            var (asked, member) = await _calls!.AskAsync(query, alive, stop);
            var isHere = member == _self.Member.Id;
            if (asked.TryGet(out var answer, out var failure))
                return isHere ? LearnedHere : Take(query, answer);
            failedHere = isHere ? failure : failedHere;
            return failure;
        }
    }

    // Those of the versions that another silo has stored, or may have: one that does not answer is not known to have none.
    private async Task<List<string>> StoredElsewhereAsync(Query query, List<string> versions, CancellationToken cancel)
    {
        if (versions.Count == 0)
            return [];

        var said = await Task.WhenAll(_self.View.Members.Where(peer => peer.IsSilo && peer.Id != _self.Member.Id).Select(StoredAtAsync));
        return [.. versions.Where(version => said.Any(stored => stored is null || stored.Contains(version)))];

        async Task<HashSet<string>?> StoredAtAsync(Member peer)
        {
            using var late = new CancellationTokenSource(StoresAnswerWithin, _clock);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
            try
            {
                var asked = await _peers.AskStoreAsync(peer, query.Key, both.Token);
                return asked.TryGet(out var answer, out _) ? [.. VersionList.Parse(query.Path, answer.Body).Tagged] : null;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return null;
            }
        }
    }

    private async Task<Outcome<QueryAnswer>> TakeFromPeerAsync(Query query, Member peer, Action alive, CancellationToken cancel)
    {
        var asked = await _peers.AskAsync(peer, query.Key, alive, cancel);
        return asked.TryGet(out var answer, out var failure) ? Take(query, answer) : failure;
    }

    private Outcome<QueryAnswer> Take(Query query, PeerAnswer answer)
    {
        // The same look at its form as at an upstream's: a peer is a nearer upstream.
        if (query.FaultOrNull(answer.Body) is { } fault)
            return new Failure(FailureKind.PeerUnavailable, $"{query}: another silo's answer cannot be right: {fault}");

        var now = _clock.GetUtcNow();
        return new QueryAnswer(answer.Body, TimeOf(answer.AgeSeconds), answer.Upstream, null, null)
        {
            Bridged = answer.Bridged?
                .Where(pair => VersionList.IsTagged(query.Path, pair.Key))
                .ToDictionary(static pair => pair.Key, pair => TimeOf(pair.Value), StringComparer.Ordinal),
        };

        DateTimeOffset TimeOf(double ageSeconds) => now - TimeSpan.FromSeconds(Math.Clamp(ageSeconds, 0, 1e9));
    }

    private ImmutableArray<AskStep> PathOf(Query query, AskLevel level) =>
        AskPath.For(query.Path.Value, _self.Member, level, _self.View, _lines.MaxCandidates);

    private async ValueTask<QueryState> KnownAsync(Query query, CancellationToken cancel) =>
        (await _known.FindAsync(query, cancel)).At(_gate.RewriteOrNull(query.Path));

    private Freshness FreshnessOf(QueryState state) => QueryFreshness.Decide(state, _clock.GetUtcNow(), _options);

    private readonly record struct FoundAnswer(QueryAnswer Answer, AnswerAge Age);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Refresh of {Module} {Query} failed, the old answer stays in use: {Failure}")]
        public static partial void RefreshFailed(ILogger logger, string module, string query, string failure);
    }
}
