using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ProxyCluster.Clustering.Agreed;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Policy;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Audit;
using ProxyCluster.Tests.Clustering.Agreed;
using ProxyCluster.Tests.Gate;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Policy;

/// <summary>What a member has of the cluster's policy, without the rest of it, and with a clock that stands still.</summary>
internal sealed class PolicyMember : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly AuditSite _audit = new();
    private readonly AgreedSite _agreed;

    public PolicyMember(LocalCluster? cluster = null)
    {
        Book = Gates.Book(Clock);
        _agreed = new AgreedSite(cluster ?? new LocalCluster(), Clock, new AgreedReader(PolicyBook.Name, Book.TakeOrFault));
        Orders = new PolicyOrders(_agreed.Documents, Clock, _audit.Log, Logger<PolicyOrders>());
    }

    public ManualTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 6, 3, 12, 0, 0, default));

    public SiloLog Log { get; } = new();

    public PolicyBook Book { get; }

    public PolicyOrders Orders { get; }

    public PolicyOptions Options { get; } = new();

    public string Path => _scratch["policy.yaml"];

    public Logger<T> Logger<T>() => new(new LoggerFactory([Log]));

    public IOptions<PolicyOptions> Configured() => Microsoft.Extensions.Options.Options.Create(Options);

    public async ValueTask DisposeAsync()
    {
        _agreed.Dispose();
        Log.Dispose();
        await _audit.DisposeAsync();
        _scratch.Dispose();
    }
}
