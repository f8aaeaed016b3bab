using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Access;

/// <summary>
/// Finds out who a client is, at the member that it reaches: by a token of the file, sent as a bearer token or as the password of any user; by a
/// token of the identity provider, sent in either way; by the certificate of its connection.
/// <para>
/// A client that says nothing is anonymous. One that says something which is not true is refused whatever it asks for: as somebody
/// who is nobody it would get answers that it must not take for those to its login.
/// </para>
/// <para>
/// Where no login is configured nothing is looked at, as there is nothing that it could be compared with.
/// </para>
/// </summary>
internal sealed partial class ClientLogins
{
    private readonly AccessRules _rules;
    private readonly AccessTokens _tokens;
    private readonly OidcLogins? _oidc;
    private readonly bool _areCertificatesOn;
    private readonly ProxyMetrics _metrics;
    private readonly ILogger<ClientLogins> _logger;

    public ClientLogins(
        AccessRules rules,
        AccessTokens tokens,
        ProxyMetrics metrics,
        ILogger<ClientLogins> logger,
        IOptions<AccessOptions> options,
        OidcLogins? oidc = null)
    {
        (_rules, _tokens, _oidc, _metrics, _logger) = (rules, tokens, oidc, metrics, logger);
        _areCertificatesOn = options.Value.ClientCaFile.Length > 0;
        const string Basic = "Basic realm=\"ProxyCluster\", charset=\"UTF-8\"";
        Challenges = oidc is null ? Basic : new StringValues([Basic, "Bearer realm=\"ProxyCluster\""]);
    }

    /// <summary>Values of <c>WWW-Authenticate</c>.</summary>
    public StringValues Challenges { get; }

    /// <summary>Does the request say who its client is? Hot path.</summary>
    public bool AreGiven(HttpContext context) =>
        _rules.HasLogins && (context.Request.Headers.Authorization.Count > 0
            || (_areCertificatesOn && context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is not null));

    /// <summary>Who its client is.</summary>
    public async Task<ClientLogin> ProveAsync(HttpContext context)
    {
        var shown = _areCertificatesOn && context.Connection.ClientCertificate is not null ? await CertificateLogins.ProveAsync(context) : default;
        var said = context.Request.Headers.Authorization.Count > 0 && shown.Refusal is null ? await ProveAsync(context, context.Request.Headers.Authorization) : default;
        var login = said == default ? shown : said;
        if (login.Refusal is { } refusal)
            NoteRefusal(context, login.Who, Outcomes.FailureTable.For(refusal.Kind).Cause, "", refusal.Message);
        return login;
    }

    /// <summary>Counts and logs that somebody gets no answer, or not the one that there is.</summary>
    public void NoteRefusal(HttpContext context, Identity? who, string reason, string inNamespace, string what)
    {
        _metrics.AccessRefusals.Add(1, new("reason", reason), new("namespace", inNamespace));
        Log.Refused(_logger, who?.Subject ?? "an anonymous client", context.Connection.RemoteIpAddress, reason, inNamespace, what);
    }

    private async Task<ClientLogin> ProveAsync(HttpContext context, StringValues header)
    {
        if ((GivenToken.BearerOrNull(header) ?? GivenToken.PasswordOrNull(header)) is not { Length: > 0 } token)
            return ClientLogin.Wrong("use Basic with a token as the password, or Bearer");
        if (_tokens.IsOn && _tokens.FindOrNull(token) is { } who)
            return new(who, null);
        return _oidc is not null && OidcLogins.IsToken(token) ? await _oidc.ProveAsync(context, token) : ClientLogin.Wrong("nobody has this token");
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Refused {Subject} at {Address} ({Reason}, namespace \"{Namespace}\"): {What}")]
        public static partial void Refused(ILogger logger, string subject, System.Net.IPAddress? address, string reason, string @namespace, string what);
    }
}
