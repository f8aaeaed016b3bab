using Microsoft.Extensions.Options;

namespace ProxyCluster.Clustering;

/// <summary>This process as a member, and the cluster as it sees it now. Reads memory only.</summary>
internal sealed class ClusterSelf(IEngine engine, IOptions<ClusteringOptions> options)
{
    private Member? _member;

    /// <summary>The engine.</summary>
    public IEngine Engine => engine;

    /// <summary>The engine's newest view.</summary>
    public ClusterView View => engine.View;

    /// <summary>Name of this process's region.</summary>
    public string Region => options.Value.Region;

    /// <summary>True for a front end: it forwards and stores nothing.</summary>
    public bool IsFrontEnd => options.Value.Role == Role.FrontEnd;

    /// <summary>
    /// This process as others know it; before it joined, a stand-in that owns nothing and is known to nobody.
    /// </summary>
    public Member Member => Volatile.Read(ref _member)
        ?? new Member("joining", options.Value.Region, new Uri("http://127.0.0.1"), options.Value.Role, "");

    /// <summary>Sets <see cref="Member"/>, once the server listens and its address is known.</summary>
    public void Become(Member member) => Volatile.Write(ref _member, member);
}
