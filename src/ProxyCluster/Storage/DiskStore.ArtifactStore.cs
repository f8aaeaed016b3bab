using System.Runtime.CompilerServices;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Storage;

/// <summary>The disk as one of several places that keep artifacts.</summary>
internal sealed partial class DiskStore : IArtifactStore
{
    /// <inheritdoc/>
    public string Name => tree.Root;

    /// <inheritdoc/>
    public ValueTask<ModuleRecord?> FindRecordOrNullAsync(ModuleVersion module, CancellationToken cancel) =>
        ValueTask.FromResult(FindRecordOrNull(module));

    /// <inheritdoc/>
    public async ValueTask<Stream?> OpenStreamOrNullAsync(ModuleRecord record, ArtifactKind kind, CancellationToken cancel)
    {
        var content = await OpenReadOrNullAsync(record, kind, cancel);
        return content switch
        {
            null => null,
            { Artifact.Body: { } body } => new MemoryStream(body, writable: false),
            _ => new FileStream(content.File!, FileAccess.Read, 0),
        };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ModuleRecord> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask; // the file system answers at once
        using var files = Guarded(() => tree.RecordFiles().GetEnumerator(), "listing records");
        while (Guarded(files.MoveNext, "listing records"))
        {
            cancel.ThrowIfCancellationRequested();

            // A record that goes while they are listed was there before, or was not: both are true answers.
            using var file = DiskFile.OpenOrNull(files.Current);
            if (file is not null
                && RecordFile.ParseOrNull(DiskFile.ReadAll(file, DiskFile.StampOf(file).Length), out _) is { } record
                && tree.RecordPath(record.Module) == files.Current)
                yield return record;
        }
    }

    /// <summary>The versions of a module of which something is proven or stored, in no order.</summary>
    /// <exception cref="StoreException">The disk cannot be read now.</exception>
    public IReadOnlyList<ModuleVersion> VersionsOf(ModulePath module) =>
        Guarded(() => tree.VersionsOf(module).ToList(), $"listing versions of {module}");

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(ModuleVersion module, CancellationToken cancel)
    {
        using var held = await _changes.TakeAsync(module, cancel);
        return Guarded(() => Delete_NeedsLock(module), $"deleting {module}");
    }

    /// <inheritdoc/>
    public Task ProbeAsync(CancellationToken cancel)
    {
        Guarded(
            () =>
            {
                Probe();
                return true;
            },
            "trying it");
        return Task.CompletedTask;
    }

    private bool Delete_NeedsLock(ModuleVersion module)
    {
        var record = tree.RecordPath(module);
        var wasThere = File.Exists(record);

        // Memory first, of all of it: a file that cannot be deleted must not leave another one served. A front end has nothing else.
        foreach (var kind in Enum.GetValues<ArtifactKind>())
            wasThere |= cache.Remove(KeyOf(module, kind));
        if (Directory.Exists(Path.GetDirectoryName(record)))
        {
            records.Delete(module, flush);
            foreach (var kind in Enum.GetValues<ArtifactKind>())
            {
                File.Delete(tree.ArtifactPath(module, kind));
                index.Gone(KeyOf(module, kind), kind);
            }
        }

        return wasThere;
    }

    private T Guarded<T>(Func<T> work, string what)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (StoreException.IsCause(e))
        {
            throw new StoreException($"{Name}: {what} failed: {e.Message}", e);
        }
    }
}
