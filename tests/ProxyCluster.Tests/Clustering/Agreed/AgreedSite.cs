using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Clustering.Agreed;

/// <summary>What a member knows of that the cluster agrees on, with a data directory of its own, and without the rest of it.</summary>
internal sealed class AgreedSite : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public AgreedSite(LocalCluster cluster, TimeProvider clock, params AgreedReader[] readers)
    {
        var tree = new DataTree(_scratch["data"]);
        tree.Prepare();
        var file = new AgreedFile(tree, new NoFlush(), Options.Create(new StorageOptions { Data = tree.Root }), NullLogger<AgreedFile>.Instance);
        Documents = new AgreedDocuments(new LocalAgreedCalls(cluster), file, readers, clock, NullLogger<AgreedDocuments>.Instance);
    }

    public AgreedDocuments Documents { get; }

    public void Dispose()
    {
        Documents.Dispose();
        _scratch.Dispose();
    }
}
