using Azure.Identity;

namespace ProxyCluster.Storage.Blobs;

/// <summary>How a container was found.</summary>
internal enum ContainerState
{
    /// <summary>Bytes can be written, read and deleted.</summary>
    Ready,

    /// <summary>There is no such container, and it was not ours to create.</summary>
    Missing,

    /// <summary>It refuses us; only a changed setting or right helps.</summary>
    Refused,

    /// <summary>It does not answer, or asks for patience; trying again may help.</summary>
    Unreachable,
}

/// <summary>What trying a container showed, and the sentence for the operator: which settings, which container, what to do.</summary>
internal sealed record ContainerCheck(ContainerState State, string Sentence)
{
    /// <summary>Creates the container where that is wanted, then writes, reads and deletes a small blob.</summary>
    public static async Task<ContainerCheck> RunAsync(
        BlobStore store, BlobStoreOptions options, TimeProvider clock, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(options.NetworkTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            // Whether creating worked shows in the probe: a signature may allow everything but this.
            if (options.CreateContainer)
                await store.CreateContainerAsync(both.Token);
            return Judge(await store.ProbeStatusAsync(both.Token), options, store.Name);
        }
        catch (StoreException e)
        {
            return new ContainerCheck(
                e.InnerException is AuthenticationFailedException ? ContainerState.Refused : ContainerState.Unreachable,
                $"{e.Message}; check {Keys(options)}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new ContainerCheck(
                ContainerState.Unreachable, $"{store.Name} did not answer within {options.NetworkTimeout}; check {Keys(options)}");
        }
    }

    /// <summary>What an answer to the probe means; pure.</summary>
    internal static ContainerCheck Judge(BlobStatus status, BlobStoreOptions options, string name)
    {
        const string section = BlobStoreOptions.Section;
        return status switch
        {
            { IsSuccess: true } => new(ContainerState.Ready, $"{name} is ready"),
            { Status: 404 } => new(
                ContainerState.Missing,
                $"{section}:Container = \"{options.Container}\": {name} does not exist ({status}); create it, "
                    + (options.CreateContainer ? "or allow us to" : $"or set {section}:CreateContainer=true")),
            { IsOutage: true } => new(ContainerState.Unreachable, $"{name} answered {status}"),
            { Status: 401 or 403 } => new(
                ContainerState.Refused,
                $"{section}:Container = \"{options.Container}\": {name} refuses us ({status}); check {Keys(options)}, and that it "
                    + "grants read, create, write, delete and list"),
            _ => new(ContainerState.Refused, $"{name} answered {status}; check {Keys(options)}"),
        };
    }

    private static string Keys(BlobStoreOptions options)
    {
        const string section = BlobStoreOptions.Section;
        return options.ConnectionString.Length > 0 ? $"{section}:ConnectionString"
            : options.Sas.Length > 0 ? $"{section}:Endpoint and {section}:Sas"
            : $"{section}:Endpoint and this process's Azure identity";
    }
}
