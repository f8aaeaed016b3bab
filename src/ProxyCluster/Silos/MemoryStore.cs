using System.Collections.Concurrent;
using System.Globalization;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace ProxyCluster.Silos;

/// <summary>
/// A cluster store in memory: membership table and grain state for the silos of one process, which share the object. A
/// process alone has it by default; the demo and tests give one to several silos. It promises what the real ones do
/// (the conformance suites say so) and ends with the process.
/// <para>
/// Road not taken: Orleans' own two. Its development clustering keeps the table in a grain of a first silo, and takes 5 s
/// to start nine silos and 30 s to stop each; its memory storage keeps state in grains, which die with their silo.
/// </para>
/// </summary>
internal sealed class MemoryStore : MembershipTable, IGrainStorage
{
    // Guards the table. Entries are copied on the way in and out: Orleans changes those that it holds.
    private readonly Lock _lock = new();
    private readonly Dictionary<SiloAddress, (MembershipEntry Entry, long Tag)> _silos = [];
    private readonly ConcurrentDictionary<(string Name, GrainId Grain), (object State, string Tag)> _states = [];
    private long _version;
    private long _tags;

    /// <inheritdoc/>
    public override Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) => DoneAsync(cancellationToken);

    /// <inheritdoc/>
    public override Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
            _silos.Clear();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            foreach (var (silo, (entry, _)) in _silos)
            {
                if (entry.Status == SiloStatus.Dead && LastNewsOf(entry) < beforeDate.UtcDateTime)
                    _silos.Remove(silo);
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken) =>
        ReadAsync(silo => silo.Equals(key), cancellationToken);

    /// <inheritdoc/>
    public override Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken) => ReadAsync(static _ => true, cancellationToken);

    /// <inheritdoc/>
    public override Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) =>
        WriteAsync(entry, null, tableVersion, cancellationToken);

    /// <inheritdoc/>
    public override Task<bool> UpdateRowAsync(
        MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken) =>
        WriteAsync(entry, etag, tableVersion, cancellationToken);

    /// <inheritdoc/>
    public override Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            // No new tag: a heartbeat must not make somebody else's change fail.
            if (_silos.TryGetValue(entry.SiloAddress, out var known))
                known.Entry.IAmAliveTime = entry.IAmAliveTime;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var isThere = _states.TryGetValue((stateName, grainId), out var stored);
        grainState.State = isThere ? (T)stored.State : Activator.CreateInstance<T>();
        (grainState.RecordExists, grainState.ETag) = (isThere, isThere ? stored.Tag : null!);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var next = (State: (object)grainState.State!, Tag: NextTag());
        var isStored = grainState.ETag is null
            ? _states.TryAdd((stateName, grainId), next)
            : _states.TryGetValue((stateName, grainId), out var known) && known.Tag == grainState.ETag
                && _states.TryUpdate((stateName, grainId), next, known);
        if (!isStored)
            throw Stale(stateName, grainId, grainState);
        (grainState.RecordExists, grainState.ETag) = (true, next.Tag);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_states.TryGetValue((stateName, grainId), out var known)
            && (known.Tag != grainState.ETag || !_states.TryRemove(KeyValuePair.Create((stateName, grainId), known))))
            throw Stale(stateName, grainId, grainState);
        grainState.State = Activator.CreateInstance<T>();
        (grainState.RecordExists, grainState.ETag) = (false, null!);
        return Task.CompletedTask;
    }

    // Votes count: one that was declared dead just now may have been silent for long.
    private static DateTime LastNewsOf(MembershipEntry entry) =>
        (entry.SuspectTimes ?? []).Select(static vote => vote.Item2).Append(entry.StartTime).Append(entry.IAmAliveTime).Max();

    private static Task DoneAsync(CancellationToken cancel) =>
        cancel.IsCancellationRequested ? Task.FromCanceled(cancel) : Task.CompletedTask;

    private Task<MembershipTableData> ReadAsync(Func<SiloAddress, bool> wanted, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var rows = _silos.Where(silo => wanted(silo.Key)).Select(static silo => Tuple.Create(Copy(silo.Value.Entry), Text(silo.Value.Tag)));
            return Task.FromResult(new MembershipTableData([.. rows], new TableVersion((int)_version, Text(_version))));
        }
    }

    // A row that is new has no tag.
    private Task<bool> WriteAsync(MembershipEntry entry, string? tag, TableVersion version, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_lock)
        {
            var known = _silos.TryGetValue(entry.SiloAddress, out var row) ? Text(row.Tag) : null;
            if (known != tag || version.VersionEtag != Text(_version))
                return Task.FromResult(false);
            _version = version.Version;
            _silos[entry.SiloAddress] = (Copy(entry), ++_tags);
            return Task.FromResult(true);
        }
    }

    private static MembershipEntry Copy(MembershipEntry entry) => new()
    {
        SiloAddress = entry.SiloAddress,
        Status = entry.Status,
        SuspectTimes = entry.SuspectTimes is { } times ? [.. times] : null,
        ProxyPort = entry.ProxyPort,
        HostName = entry.HostName,
        SiloName = entry.SiloName,
        RoleName = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = entry.StartTime,
        IAmAliveTime = entry.IAmAliveTime,
    };

    private string NextTag() => Text(Interlocked.Increment(ref _tags));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private InconsistentStateException Stale<T>(string name, GrainId grain, IGrainState<T> state) => new(
        $"{name} of {grain} was written by somebody else",
        _states.TryGetValue((name, grain), out var stored) ? stored.Tag : "none",
        state.ETag ?? "none");
}
