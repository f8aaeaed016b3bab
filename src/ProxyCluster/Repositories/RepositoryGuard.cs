using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Sockets;
using ProxyCluster.Verification;

namespace ProxyCluster.Repositories;

/// <summary>
/// Where a module's path may lead. Anybody can make a path up, and its host with it: pages and repositories of modules that the
/// operator has not called his own (<see cref="DirectOptions.Inside"/>) are asked at public addresses only. Git gets the address
/// that was looked at, so a name that leads elsewhere a moment later is no way in.
/// </summary>
internal sealed class RepositoryGuard : IDisposable
{
    private const int MaxRedirects = 10;
    private const int MaxPage = 1 << 20;

    private readonly DirectOptions _options;
    private readonly TimeProvider _clock;
    private readonly Func<IPAddress, bool> _isInside;
    private readonly ModulePathPatterns[] _inside;
    private readonly QuietHosts _hosts;
    private readonly HttpMessageInvoker _anywhere;
    private readonly HttpMessageInvoker _outside;

    public RepositoryGuard(IOptions<DirectOptions> options, IOptions<VerificationOptions> verification, TimeProvider clock)
        : this(options.Value, verification.Value, clock, RedirectGuard.IsInside)
    {
    }

    /// <summary>With other pages than those of the network, or other addresses inside; for tests.</summary>
    internal RepositoryGuard(
        DirectOptions options, VerificationOptions verification, TimeProvider clock, Func<IPAddress, bool> isInside, HttpMessageHandler? pages = null)
    {
        (_options, _clock, _isInside, _hosts) = (options, clock, isInside, new QuietHosts(options, clock));
        _inside = options.Inside switch
        {
            null => [ModulePathPatterns.Parse(verification.Private), ModulePathPatterns.Parse(verification.NoSumDb)],
            "none" => [],
            var patterns => [ModulePathPatterns.Parse(patterns)],
        };
        _anywhere = new HttpMessageInvoker(pages ?? CreateHandler(new RedirectGuard([], allows: true, isInside)));
        _outside = new HttpMessageInvoker(pages ?? CreateHandler(new RedirectGuard([], allows: false, isInside) { IsOutside = true }));
    }

    /// <summary>May what belongs to the module be inside?</summary>
    public bool MayBeInside(ModulePath path) => Array.Exists(_inside, patterns => patterns.MatchOrNull(path) is not null);

    /// <summary>The only address that git may connect to for this repository; null for any.</summary>
    /// <exception cref="RepositoryException">It has none that may be connected to.</exception>
    public async Task<IPAddress?> PinOrNullAsync(RepositoryAddress address, CancellationToken cancel)
    {
        // Through a proxy that one resolves, and what it may reach is its own affair.
        if (address.IsInside || address.IsRewritten || (address.Protocol == "https" && OutboundProxy.OfEnvironment.GetProxy(address.Uri) is not null))
            return null;

        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(address.Uri.IdnHost.Trim('[', ']'), cancel);
        }
        catch (SocketException e)
        {
            throw new RepositoryException(new Failure(KindOf(e.SocketErrorCode, address.IsInside), $"{address.Url}: its host could not be resolved ({e.SocketErrorCode})")) { IsOfHost = true };
        }

        return Array.Find(addresses, one => !_isInside(one)) ?? throw new RepositoryException(new Failure(
            FailureKind.Blocked, $"{address.Url} is at an address inside, where only modules of Direct:Inside may be"));
    }

    /// <summary>
    /// What it comes to that a host refused a repository. One that hides what is private says of it, and of its page, that it is not there:
    /// of the operator's own modules, and after a login, that proves nothing.
    /// </summary>
    /// <param name="address">The repository.</param>
    /// <param name="failure">What the program's words come to.</param>
    /// <param name="saysNotFound">The host says that there is no such repository.</param>
    /// <param name="hasLogin">It was asked with a login.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<Failure> JudgeAsync(RepositoryAddress address, Failure failure, bool saysNotFound, bool hasLogin, CancellationToken cancel)
    {
        var isOurs = address.IsInside || hasLogin;
        if (saysNotFound && isOurs)
            return new Failure(FailureKind.Blocked, $"{address.Url}: its host says that there is no such repository, as it would of one that this login may not see");
        return address.Protocol is "https" or "http" && (saysNotFound || (failure.Kind is FailureKind.Blocked && !isOurs && await IsAbsentAsync(address, cancel)))
            ? new Failure(FailureKind.NotFound, $"{address.Url}: there is no such repository")
            : failure;
    }

    // A host that hides private ones asks everybody for a login, on its page too; where the page is not there for anybody, nothing is.
    private async Task<bool> IsAbsentAsync(RepositoryAddress address, CancellationToken cancel) =>
        await GetAsync(address.Uri, address.IsInside || address.IsRewritten, cancel) is { Status: HttpStatusCode.NotFound or HttpStatusCode.Gone };

    /// <summary>A page, over https, after redirects that stay there.</summary>
    /// <exception cref="RepositoryException">There was no answer.</exception>
    public async Task<Page> GetAsync(Uri url, bool mayBeInside, CancellationToken cancel)
    {
        using var timer = new CancellationTokenSource(_options.AskTimeout, _clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, timer.Token);
        try
        {
            for (var redirects = 0; redirects <= MaxRedirects; redirects++)
            {
                if (_hosts.FindOrNull(Host()) is { } outage)
                    throw new RepositoryException(outage);
                using var request = new HttpRequestMessage(HttpMethod.Get, url);
                request.Headers.TryAddWithoutValidation("User-Agent", "ProxyCluster (go-import)");
                using var response = await (mayBeInside ? _anywhere : _outside).SendAsync(request, stop.Token);
                _hosts.Answered(Host());
                if ((int)response.StatusCode is < 301 or > 308 || response.Headers.Location is not { } location)
                    return new Page(response.StatusCode, await ReadAsync(response, stop.Token));
                if (!Uri.TryCreate(url, location, out var next) || next.Scheme != Uri.UriSchemeHttps)
                    throw Fail(FailureKind.UpstreamInvalid, "it redirects to something other than https");
                url = next;
            }

            throw Fail(FailureKind.UpstreamInvalid, $"it redirects more than {MaxRedirects} times");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            var silence = Fail(FailureKind.UpstreamTimeout, $"no answer within {_options.AskTimeout.TotalSeconds:0.#} s");
            _hosts.WasSilent(Host(), silence.Failure);
            throw silence;
        }
        catch (HttpRequestException e)
        {
            throw e.InnerException is RedirectRefusedException
                ? Fail(FailureKind.Blocked, "it is at an address inside, where only modules of Direct:Inside may be")
                : Fail(KindOf((e.InnerException as SocketException)?.SocketErrorCode, mayBeInside), $"it cannot be reached ({e.HttpRequestError})");
        }
        catch (IOException)
        {
            throw Fail(FailureKind.UpstreamUnavailable, "the connection broke");
        }

        string Host() => $"{mayBeInside} {url.Authority}";

        RepositoryException Fail(FailureKind kind, string why) => new(new Failure(kind, $"{url.GetLeftPart(UriPartial.Path)}: {why}"));
    }

    /// <summary>
    /// Is a host that could not be reached one that does not exist? Of strangers' names only: whether the operator's own can be
    /// resolved depends on where we are.
    /// </summary>
    internal static FailureKind KindOf(SocketError? error, bool mayBeInside) =>
        error is SocketError.HostNotFound && !mayBeInside ? FailureKind.NotFound : FailureKind.UpstreamUnavailable;

    public void Dispose()
    {
        _anywhere.Dispose();
        _outside.Dispose();
    }

    // The tags stand in the head: what comes after the limit is not looked at.
    private static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var buffer = new byte[MaxPage];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, length);
    }

    private static SocketsHttpHandler CreateHandler(RedirectGuard guard) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        Proxy = guard.Proxy,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(20),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ActivityHeadersPropagator = null,
        ConnectCallback = guard.ConnectAsync,
    };
}

/// <summary>What a host said of a path.</summary>
internal readonly record struct Page(HttpStatusCode Status, string Text);
