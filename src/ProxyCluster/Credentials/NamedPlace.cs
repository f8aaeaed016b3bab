using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Credentials;

/// <summary>An address that an operator named, over http or https, and the logins for what lies below it.</summary>
/// <param name="logins">Knows them.</param>
/// <param name="url">The address, without a user part and a trailing slash.</param>
/// <param name="written">What stood after its scheme, user part aside, without a trailing slash.</param>
/// <param name="own">The login that stood in the URL, or null.</param>
internal sealed class NamedPlace(Logins logins, Uri url, string written, Login? own)
{
    /// <summary>The address.</summary>
    public Uri Url => url;

    /// <summary>The address of a path below.</summary>
    public Uri At(string path) => new($"{url.AbsoluteUri.TrimEnd('/')}/{path}");

    /// <summary>A place below this one, with its logins.</summary>
    public NamedPlace Below(string path) => new(logins, At(path), $"{written}/{path}", own);

    /// <summary>
    /// Sends a request, with the login for it if it goes to this place's own origin; once more, with another one, if that is
    /// refused and there is one.
    /// </summary>
    /// <param name="http">Sends it.</param>
    /// <param name="create">Makes the request, anew for each time.</param>
    /// <param name="path">What was asked for first, below this place; a redirect within the origin is asked with the same login.</param>
    /// <param name="module">The module that it is about, where that is known.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<SentRequest> SendAsync(
        HttpMessageInvoker http, Func<HttpRequestMessage> create, string path, ModulePath? module, CancellationToken cancel)
    {
        // 1. Elsewhere, as nobody.
        var first = create();
        using (first)
        {
            if (!IsOwnOrigin(first.RequestUri!))
                return new(await http.SendAsync(first, cancel), HadLogin: false, null);

            // 2. As whom?
            var ask = new LoginAsk(At(path), $"{written}/{path}", module);
            var sent = own is not null ? new LoginReply(own) : await logins.FindAsync(ask, cancel);
            if (sent.Trouble is not null)
                return new(null, HadLogin: false, sent.Trouble);
            sent.Login?.Sign(first);
            var response = await http.SendAsync(first, cancel);

            // 3. Refused: is there another login?
            if ((int)response.StatusCode is < 400 or >= 500)
            {
                if (response.IsSuccessStatusCode)
                    _ = Logins.AcceptedAsync(ask, sent);
                return new(response, sent.Login is not null, null);
            }

            var next = await AfterRefusalAsync(ask, sent, response, cancel);
            if (next.Login is not { } login)
                return new(response, sent.Login is not null, null);

            // 4. Once more.
            response.Dispose();
            using var second = create();
            login.Sign(second);
            response = await http.SendAsync(second, cancel);
            if (response.IsSuccessStatusCode)
                _ = Logins.AcceptedAsync(ask, next);
            return new(response, HadLogin: true, null);
        }
    }

    private async Task<LoginReply> AfterRefusalAsync(LoginAsk ask, LoginReply sent, HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            return await logins.RefusedAsync(ask, sent, Refusal.Of(response), cancel);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private bool IsOwnOrigin(Uri target) => target.Scheme == url.Scheme && target.Port == url.Port
        && string.Equals(target.IdnHost, url.IdnHost, StringComparison.OrdinalIgnoreCase);
}

/// <summary>What came of a request.</summary>
/// <param name="Response">The answer; null where it was not sent.</param>
/// <param name="HadLogin">Whether it carried a login.</param>
/// <param name="Trouble">Why it was not sent, without a secret in it.</param>
internal readonly record struct SentRequest(HttpResponseMessage? Response, bool HadLogin, string? Trouble);
