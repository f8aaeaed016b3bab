using Microsoft.Extensions.Options;
using ProxyCluster.Credentials;
using ProxyCluster.GoModules.Protocol;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.Sockets;

namespace ProxyCluster.Fetching;

/// <summary>
/// The word <c>direct</c>: modules from their repositories. It stands for many hosts, so an outage of one says nothing of the
/// others and opens no circuit breaker of this link; each host is left alone for a moment by itself (<see cref="GitMirrors"/>).
/// </summary>
internal sealed class DirectUpstream(RegionModules modules, Logins logins, IOptions<UpstreamsOptions> options, TimeProvider time) : IUpstream, IDisposable
{
    private const int MaxProxies = 64;

    private readonly UpstreamsOptions _options = options.Value;

    // A stranger's page must not have us prove who we are to whom it names.
    private readonly Logins _none = new(time, static _ => []);
    private readonly Lock _gate = new();
    private readonly Dictionary<(Uri Url, bool MayBeInside), (HttpUpstream Proxy, long Used)> _proxies = [];
    private long _uses;

    public string Name => "direct";

    public bool IsRemote => true;

    public bool StandsForMany => true;

    /// <inheritdoc/>
    public async Task<UpstreamReply> OpenAsync(UpstreamRequest request, CancellationToken ct)
    {
        var outcome = await modules.AskAsync(ProxyPath.Parse(request.Resource.TreePath), request.Rewrite?.Repository, ct);
        if (!outcome.TryGet(out var answer, out var failure))
            return failure.Kind is FailureKind.UpstreamUnavailable ? UpstreamFault.Passing(failure.Kind, failure.Message) : new UpstreamFault(failure);
        if (answer.Proxy is { } proxy)
            return await AskProxyAsync(proxy, answer.MayBeInside, request, ct);

        var body = answer.Body!;
        var limits = _options.BodyLimitsOf(request);
        if (body.Length > limits.MaxBytes)
        {
            await body.DisposeAsync();
            return UpstreamBody.TooLong(Name, limits.MaxBytes);
        }

        return new UpstreamAnswer(Name, new UpstreamBody(body, Name, body.Length, limits, time, ct)) { Length = body.Length };
    }

    public void Dispose()
    {
        foreach (var (proxy, _) in _proxies.Values)
            proxy.Dispose();
        _none.Dispose();
    }

    // A page may name a module proxy in place of a repository (golang.org/toolchain's does).
    private async Task<UpstreamReply> AskProxyAsync(Uri url, bool mayBeInside, UpstreamRequest request, CancellationToken ct)
    {
        if (url.Scheme != Uri.UriSchemeHttps)
            return UpstreamFault.Final(FailureKind.UpstreamInvalid, $"{request.Resource.Path}: its page names a module proxy that is not on https");
        var reply = await ProxyAt(url, mayBeInside).OpenAsync(request, ct);
        return reply.Fault is { } fault ? fault with { IsUnreachable = false } : reply;
    }

    /// <summary>A module proxy that a page names; as many as fit, the longest unused goes.</summary>
    internal HttpUpstream ProxyAt(Uri url, bool mayBeInside)
    {
        lock (_gate)
        {
            if (!_proxies.TryGetValue((url, mayBeInside), out var known))
            {
                // Whoever asks the one that goes still reads its answers; its connections end with the last of them.
                if (_proxies.Count == MaxProxies)
                    _proxies.Remove(_proxies.MinBy(static pair => pair.Value.Used).Key);
                known.Proxy = new HttpUpstream(
                    EntryOf(url),
                    mayBeInside ? logins : _none,
                    options,
                    time,
                    HttpUpstream.CreateHandler(_options, time, new RedirectGuard([], mayBeInside) { IsOutside = !mayBeInside }));
            }

            _proxies[(url, mayBeInside)] = (known.Proxy, ++_uses);
            return known.Proxy;
        }
    }

    // As it was written, as far as an address still says that: netrc's machines are held against it.
    private static GoProxyEntry EntryOf(Uri url) => new(GoProxyEntryKind.Http, new UriBuilder(url) { UserName = "", Password = "" }.Uri, PassesAnyFailure: false)
    {
        Address = url.Authority + url.AbsolutePath.TrimEnd('/'),
    };
}
