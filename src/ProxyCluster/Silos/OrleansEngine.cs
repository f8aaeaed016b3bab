using Orleans;
using Orleans.Runtime;
using ProxyCluster.Clustering;
using ProxyCluster.Routing;

namespace ProxyCluster.Silos;

/// <summary>
/// The <c>orleans</c> engine: membership by Orleans' silos, one routing table and one authority by a grain.
/// <para>
/// <b>How.</b> The member is a silo (<see cref="SiloLife"/>), front ends too, so that everybody hears of everything by the
/// same lines; placement keeps grains off front ends. The member's card is its silo's name, so the membership table
/// alone gives the view. The failover grain is the authority (<see cref="FailoverGrain"/>): the member in whose silo it
/// lives decides, and all others hear of its table with the answers to their reports.
/// </para>
/// <para>
/// <b>What it survives.</b> A silo's death: probes and votes, within 4 s (<see cref="SiloTuning"/>). A false verdict: the
/// life ends, the process serves on with its last view, and the next life joins under the same id. The membership
/// provider gone: silos go on with the members that they know, the status says so; nobody can join, die or be published
/// for until it is back. The provider gone at start: the process serves alone and goes on trying.
/// </para>
/// <para>
/// <b>What it costs.</b> Per member a probe of every other (up to ten) each 750 ms, and a read and a write of the
/// membership table each 5 s.
/// </para>
/// Road not taken: Orleans as a part of the web host. It would need its provider to start, and end the process at a
/// verdict of death, in the middle of downloads that nobody else can finish.
/// </summary>
internal sealed partial class OrleansEngine : IEngine
{
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(10);

    private static int _isTidy;

    private readonly Rooms _rooms;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ViewFeed _feed;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _firstWord = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Member? _self;
    private volatile SiloLife? _life;
    private volatile EngineStatus _status;
    private volatile Held? _office;
    private volatile string? _tableFault;
    private Task _running = Task.CompletedTask;
    private int _isStopped;

    /// <param name="rooms">The web host's services, and what a silo gets besides.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where changes of state go.</param>
    public OrleansEngine(Rooms rooms, TimeProvider time, ILogger<OrleansEngine> log)
    {
        _rooms = rooms;
        _time = time;
        _log = log;
        _feed = new ViewFeed(log);
        _status = new EngineStatus(true, "not joined yet", time.GetUtcNow());
    }

    /// <inheritdoc/>
    public event Action<ClusterView>? ViewChanged
    {
        add => _feed.Changed += value;
        remove => _feed.Changed -= value;
    }

    /// <inheritdoc/>
    public string Name => "orleans";

    /// <inheritdoc/>
    public bool IsAlone => _rooms.Store.IsOfThisProcess(_rooms.Options);

    /// <inheritdoc/>
    public Member? Self => _self;

    /// <inheritdoc/>
    public ClusterView View => _feed.View;

    /// <inheritdoc/>
    public EngineStatus Status => _status;

    /// <inheritdoc/>
    public bool IsAuthority =>
        _life is { } life && _office is { Office.IsHeld: true } held && held.Silo.Equals(life.Address) && Volatile.Read(ref _isStopped) == 0;

    /// <summary>This process as a silo; null while it is none.</summary>
    public SiloAddress? Address => _life?.Address;

    /// <summary>The way to grains; null while this process is no silo.</summary>
    public IGrainFactory? GrainsOrNull => Volatile.Read(ref _isStopped) == 0 ? _life?.Grains : null;

    /// <summary>The silo's dashboard; null where it is off, or this process is no silo now.</summary>
    public RequestDelegate? DashboardOrNull => _life?.Dashboard;

    /// <inheritdoc/>
    public async Task JoinAsync(Member self, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (Interlocked.CompareExchange(ref _self, self, null) is not null)
            throw new InvalidOperationException("an engine joins once");
        _feed.Swap(view => view with { Members = [self] });
        // Under the engine's lifetime: cancelling the join ends the wait for the first view, not the joining.
        _running = Task.Run(() => LiveAsync(self, _stop.Token), CancellationToken.None);
        try
        {
            await _firstWord.Task.WaitAsync(JoinPatience, _time, cancel);
        }
        catch (TimeoutException)
        {
            // A silo waits long for those that stand in the table and do not answer; nobody has to wait with it.
            if (!_firstWord.Task.IsCompleted)
                SetStatus(true, "still joining");
        }
    }

    /// <inheritdoc/>
    public async Task LeaveAsync(CancellationToken cancel)
    {
        if (_self is not { } self || Interlocked.Exchange(ref _isStopped, 1) != 0)
            return;
        await EndAsync("left the cluster", life => life.LeaveAsync(cancel));
        _feed.Swap(view => view with { Members = view.Members.RemoveAll(member => member.Id == self.Id) });
    }

    /// <inheritdoc/>
    public async Task<PublishResult> TryPublishAsync(RoutingTable next, CancellationToken cancel)
    {
        if (!IsAuthority || _office is not { } held)
            return new PublishResult(PublishStatus.NotAuthority, View.Routing);
        try
        {
            return new PublishResult(await held.Office.TryPublishAsync(next, cancel), View.Routing);
        }
        catch (Exception e) when (e is OrleansException or ObjectDisposedException)
        {
            // The silo's life ended meanwhile.
            return new PublishResult(PublishStatus.Unavailable, View.Routing);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isStopped, 1) == 0)
            await EndAsync("stopped", static life => life.DisposeAsync().AsTask());
        await _feed.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>The view, for the failover grain to take in what members and its storage know.</summary>
    internal ViewFeed Feed => _feed;

    /// <summary>The failover grain lives here from now on.</summary>
    internal void Hold(FailoverOffice office, SiloAddress silo) => _office = new Held(office, silo);

    /// <summary>It does not any more.</summary>
    internal void Resign(FailoverOffice office)
    {
        if (_office is { } held && held.Office == office)
            Interlocked.CompareExchange(ref _office, null, held);
    }

    /// <summary>Takes an answer of the authority in.</summary>
    internal void Take(RoutingWord word)
    {
        _feed.Take(RoutingTableJson.ReadOrNull(word.Table));
        _feed.Swap(view => view with { AuthorityId = word.Authority });
    }

    /// <summary>The routing table as JSON, for one that knows the table of an epoch; empty where ours is not newer.</summary>
    internal byte[] TableAfter(long epoch)
    {
        var table = View.Routing;
        return table.Epoch > epoch ? RoutingTableJson.Write(table) : [];
    }

    private async Task EndAsync(string detail, Func<SiloLife, Task> end)
    {
        SetStatus(true, detail);
        await _stop.CancelAsync();
        try
        {
            // First the loop, so that no life begins behind our back; it leaves the last one to us.
            await _running;
            if (_life is { } life)
                await end(life);
        }
        catch (OperationCanceledException)
        {
            // The leave's time is up; the others will notice.
        }

        _life = null;
    }

    /// <summary>One life after the other, until told to stop.</summary>
    private async Task LiveAsync(Member self, CancellationToken stop)
    {
        var pause = TimeSpan.FromMilliseconds(200);
        while (!stop.IsCancellationRequested)
        {
            string reason;
            try
            {
                var life = await SiloLife.BeginAsync(self, this, _rooms, NoteTable, stop);
                pause = TimeSpan.FromMilliseconds(200);
                _life = life;
                _tableFault = null;
                Settle(life);
                TidyOnce();
                reason = await FollowAsync(life, self, stop);
                _life = null;
                await life.DisposeAsync();
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return; // a silo that is stopped while it starts fails in many ways
            }
            catch (Exception e)
            {
                // Providers and Orleans itself fail a start with whatever their clients throw.
                reason = e.GetBaseException().Message;
            }

            if (_status.IsDegraded is false || !_firstWord.Task.IsCompleted)
                Log.Lost(_log, self.Id, reason);
            SetStatus(true, $"not in the cluster: {reason}");
            _firstWord.TrySetResult();
            await Task.Delay(pause, _time, stop);
            pause = pause * 2 < MaxPause ? pause * 2 : MaxPause;
        }
    }

    // What a silo's start allocates and drops is most of the heap by then, and where little is asked no collection would look at it
    // for hours. Some 10 ms, of which several silos in one process need no more than one needs.
    private static void TidyOnce()
    {
        if (Interlocked.Exchange(ref _isTidy, 1) == 0)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    /// <summary>Follows the cluster for one life; gives the reason for its end.</summary>
    private async Task<string> FollowAsync(SiloLife life, Member self, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var members = FollowMembersAsync(life, self, end.Token);
        var first = await Task.WhenAny(life.Ended, members);
        await end.CancelAsync();
        stop.ThrowIfCancellationRequested();
        return first == life.Ended ? await life.Ended : "its silo stopped following the cluster";
    }

    private async Task FollowMembersAsync(SiloLife life, Member self, CancellationToken end)
    {
        await foreach (var snapshot in life.Membership.MembershipUpdates.WithCancellation(end))
        {
            var members = snapshot.Members.Values
                .Where(static member => member.Status == SiloStatus.Active)
                .Select(static member => MemberCard.ReadOrNull(member.Name))
                .OfType<Member>()
                .Where(member => member.Id != self.Id)
                .Append(self)
                .OrderBy(static member => member.Id, StringComparer.Ordinal);
            _feed.Swap(view => view with { Members = [.. members] });
            _firstWord.TrySetResult();
        }
    }

    private void Settle(SiloLife life)
    {
        if (_tableFault is { } fault)
            SetStatus(true, $"silo {life.Address}, but its store, {_rooms.Store.Label}, cannot be reached: {fault}");
        else
            SetStatus(false, $"silo {life.Address}, store {_rooms.Store.Label}");
    }

    private void NoteTable(Exception? fault)
    {
        _tableFault = fault?.GetBaseException().Message;
        if (_life is { } life)
            Settle(life);
    }

    private void SetStatus(bool isDegraded, string detail)
    {
        if (Volatile.Read(ref _isStopped) == 1 && _status.Detail is "left the cluster" or "stopped")
            return;
        if (_status.IsDegraded != isDegraded || _status.Detail != detail)
            _status = new EngineStatus(isDegraded, detail, _time.GetUtcNow());
    }

    private sealed record Held(FailoverOffice Office, SiloAddress Silo);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Member {Member} was not in its cluster and serves alone until it is: {Reason}")]
        public static partial void Lost(ILogger log, string member, string reason);
    }
}
