using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Storage;

namespace ProxyCluster.Silos;

/// <summary>What became of a read.</summary>
internal enum ReadResult
{
    /// <summary>What is stored is known, be it nothing.</summary>
    Read,

    /// <summary>The storage cannot be reached.</summary>
    Unavailable,

    /// <summary>
    /// Something is stored and cannot be read: it is damaged, or of a version to come. The value is empty; a write goes over it.
    /// </summary>
    Unreadable,
}

/// <summary>What became of a write.</summary>
internal enum WriteResult
{
    /// <summary>It is stored.</summary>
    Written,

    /// <summary>Somebody else has written since we read; read again.</summary>
    Conflict,

    /// <summary>The storage cannot be reached; it may have been stored or not. Read again.</summary>
    Unavailable,
}

/// <summary>
/// A grain's durable state, with the storage's failures as values: a grain must work while its storage does not. Orleans'
/// own facet reads while a grain is activated, and fails the activation with the storage.
/// </summary>
internal sealed partial class StoredState<T>(IServiceProvider services, GrainId grain, string name, TimeSpan limit)
    where T : StoredRecord, new()
{
    private readonly IGrainStorage _storage = services.GetRequiredKeyedService<IGrainStorage>(StoredState.Provider);
    private GrainState<T> _state = new(new T());

    /// <summary>As last read or written.</summary>
    public T Value => _state.State!;

    /// <summary>Whether anything was stored, as last read or written.</summary>
    public bool Exists => _state.RecordExists;

    /// <summary>Reads. What cannot be read is reported, once.</summary>
    public async Task<ReadResult> ReadAsync()
    {
        var fresh = new GrainState<T>(new T());
        try
        {
            await _storage.ReadStateAsync(name, grain, fresh).WaitAsync(limit);
        }
        catch (Exception e) when (IsStorageFault(e))
        {
            return ReadResult.Unavailable;
        }

        fresh.State ??= new T();
        var known = Value.Fault;
        _state = fresh;
        if (Value.Fault is not { } fault)
            return ReadResult.Read;
        if (fault != known)
            Log.Unreadable(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(StoredState)), name, grain, fault);
        return ReadResult.Unreadable;
    }

    /// <summary>Writes if nobody else has since the last read or write.</summary>
    public async Task<WriteResult> TryWriteAsync(T value)
    {
        // On a copy: a write that is given up must not change under a later one.
        var next = new GrainState<T>(value, _state.ETag) { RecordExists = _state.RecordExists };
        try
        {
            await _storage.WriteStateAsync(name, grain, next).WaitAsync(limit);
        }
        catch (Exception e) when (e is InconsistentStateException || e.InnerException is InconsistentStateException)
        {
            return WriteResult.Conflict;
        }
        catch (Exception e) when (IsStorageFault(e))
        {
            return WriteResult.Unavailable;
        }

        _state = next;
        return WriteResult.Written;
    }

    // Providers throw what their clients throw; only what no storage can be blamed for goes through.
    private static bool IsStorageFault(Exception e) => e is not (OutOfMemoryException or NullReferenceException or InvalidCastException);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "What the cluster store has as {Name} of {Grain} cannot be read: {Reason}")]
        public static partial void Unreadable(ILogger logger, string name, GrainId grain, string reason);
    }
}

/// <summary>Where grains' state goes.</summary>
internal static class StoredState
{
    /// <summary>Name of the storage provider: <c>Orleans:GrainStorage:Default</c>.</summary>
    public const string Provider = "Default";

    /// <summary>
    /// How storage in memory is set up. It spreads its records by hashes that differ from process to process; in one place,
    /// all silos find the same record, and only so can it refuse a write.
    /// </summary>
    public static void InMemory(MemoryGrainStorageOptions options) => options.NumStorageGrains = 1;
}
