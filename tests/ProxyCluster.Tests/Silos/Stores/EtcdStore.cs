using ProxyCluster.TestKit.Etcd;

namespace ProxyCluster.Tests.Silos.Stores;

/// <summary>etcd, by Orleans' own section.</summary>
public class EtcdStore : StoreServer
{
    /// <summary>Time for an answer: long, because a loaded machine's disk takes its time for a write.</summary>
    protected virtual string Patience => "00:00:10";

    /// <summary>How many members it has.</summary>
    protected virtual int Members => 1;

    internal EtcdCluster Etcd { get; private set; } = null!;

    public override async ValueTask InitializeAsync() => Etcd = await EtcdCluster.StartAsync(Members);

    public override bool TryFreeze()
    {
        Etcd.FreezeAll();
        return true;
    }

    public override void Resume() => Etcd.ResumeAll();

    protected override IEnumerable<KeyValuePair<string, string?>> Settings()
    {
        var endpoints = string.Join(", ", Etcd.Endpoints);
        return
        [
            new("Orleans:Clustering:ProviderType", "Etcd"),
            new("Orleans:Clustering:Endpoints", endpoints),
            new("Orleans:Clustering:CallTimeout", Patience),
            new("Orleans:GrainStorage:Default:CallTimeout", Patience),
            new("Orleans:GrainStorage:Default:ProviderType", "Etcd"),
            // The other form of a list.
            .. Etcd.Endpoints.Select(static (endpoint, n) => KeyValuePair.Create($"Orleans:GrainStorage:Default:Endpoints:{n}", (string?)endpoint.ToString())),
        ];
    }

    protected override ValueTask DisposeServerAsync() => Etcd?.DisposeAsync() ?? default;
}

/// <summary>Three members.</summary>
public class EtcdThreeStore : EtcdStore
{
    protected override int Members => 3;
}

/// <summary>Three members, and the one that is asked first stands still.</summary>
public sealed class EtcdFrozenStore : EtcdThreeStore
{
    protected override string Patience => "00:00:02";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Etcd.Members[0].Freeze();

        // It may have been the leader. The two that are left are asked until they have another.
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var http = new HttpClient();
        while (true)
        {
            using var read = new StringContent("""{"key":"aw=="}""");
            using var answer = await http.PostAsync(new Uri(Etcd.Endpoints[1], "/v3/kv/range"), read, late.Token);
            if (answer.IsSuccessStatusCode)
                return;
        }
    }

    public override void Resume()
    {
        Etcd.Members[1].Resume();
        Etcd.Members[2].Resume();
    }
}

[CollectionDefinition(nameof(EtcdStore))]
public sealed class EtcdStores : ICollectionFixture<EtcdStore>;

[CollectionDefinition(nameof(EtcdThreeStore))]
public sealed class EtcdThreeStores : ICollectionFixture<EtcdThreeStore>;

[CollectionDefinition(nameof(EtcdFrozenStore))]
public sealed class EtcdFrozenStores : ICollectionFixture<EtcdFrozenStore>;
