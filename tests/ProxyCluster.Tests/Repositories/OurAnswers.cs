using System.Net;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>What we answer about modules: from this process, or as a proxy.</summary>
internal abstract class OurAnswers
{
    /// <summary>May the beginning of a version be asked for? No client asks a proxy for one: it looks into the list.</summary>
    public virtual bool TakesBeginnings => true;

    public abstract Task<Outcome<byte[]>> ArtifactAsync(ModuleVersion module, ArtifactKind kind);

    public abstract Task<Outcome<byte[]>> AskAsync(Query query);

    /// <summary>An answer for <c>latest</c>, or for another name.</summary>
    public Task<Outcome<byte[]>> AskAsync(ModulePath path, string name) =>
        AskAsync(name == "latest" ? new Query(path, QueryKind.Latest) : new Query(path, QueryKind.Revision, name));
}

/// <summary>The room's own.</summary>
internal sealed class RoomAnswers(DirectModules modules) : OurAnswers
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public override Task<Outcome<byte[]>> ArtifactAsync(ModuleVersion module, ArtifactKind kind) => ReadAsync(modules.ArtifactAsync(module, kind, Cancellation));

    public override Task<Outcome<byte[]>> AskAsync(Query query) => ReadAsync(query.Kind switch
    {
        QueryKind.List => modules.ListAsync(query.Path, Cancellation),
        QueryKind.Latest => modules.LatestAsync(query.Path, Cancellation),
        _ => VersionQuery.TryParse(query.Path, query.Revision, out var revision, out var error) ? modules.QueryAsync(revision, Cancellation) : throw new ArgumentException(error),
    });

    private static async Task<Outcome<byte[]>> ReadAsync(Task<Outcome<DirectAnswer>> asking)
    {
        if (!(await asking).TryGet(out var answer, out var failure))
            return failure;
        await using var body = answer.Body!;
        using var read = new MemoryStream();
        await body.CopyToAsync(read, Cancellation);
        return read.ToArray();
    }
}

/// <summary>Those of a proxy, as a client sees them; its failures only as far as one tells them apart.</summary>
internal sealed class ProxyAnswers(HttpClient http) : OurAnswers
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public override bool TakesBeginnings => false;

    public override Task<Outcome<byte[]>> ArtifactAsync(ModuleVersion module, ArtifactKind kind) => GetAsync(ProxyPath.Of(module, kind));

    public override Task<Outcome<byte[]>> AskAsync(Query query) => GetAsync(query.Key);

    private async Task<Outcome<byte[]>> GetAsync(string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        var body = await answer.Content.ReadAsByteArrayAsync(Cancellation);
        if (answer.IsSuccessStatusCode)
            return body;
        var cause = answer.Headers.GetValues("X-ProxyCluster-Cause").Single();
        return new Failure(
            answer.StatusCode == HttpStatusCode.NotFound ? FailureKind.NotFound : Enum.GetValues<FailureKind>().First(kind => FailureTable.For(kind).Cause == cause),
            System.Text.Encoding.UTF8.GetString(body));
    }
}
