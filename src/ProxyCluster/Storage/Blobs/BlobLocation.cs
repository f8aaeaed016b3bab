using System.Diagnostics.CodeAnalysis;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// Which container, and by which right: an account key, a shared access signature or, with neither, this process's Azure
/// identity. Parsed once, at the door; its errors never repeat a secret.
/// </summary>
internal sealed class BlobLocation
{
    // Azurite's published account (Microsoft Learn, "Use the Azurite emulator"): the same everywhere, so not a secret.
    internal const string DevelopmentAccount = "devstoreaccount1";
    internal const string DevelopmentKey =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private BlobLocation(Uri service, string container, SharedKey? key, string? sas)
    {
        Container = new Uri($"{service.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{container}");
        Key = key;
        Sas = sas;
    }

    /// <summary>The container's URL, without any query.</summary>
    public Uri Container { get; }

    /// <summary>The account's key, or null.</summary>
    public SharedKey? Key { get; }

    /// <summary>The signature as a query without its question mark, or null; secret.</summary>
    public string? Sas { get; }

    /// <summary>Reads the options; otherwise says in one sentence what is wrong with them.</summary>
    public static bool TryParse(
        BlobStoreOptions options, [NotNullWhen(true)] out BlobLocation? location, [NotNullWhen(false)] out string? error)
    {
        location = null;
        if (options.ConnectionString.Length > 0)
        {
            if (options.Endpoint is null && options.Sas.Length == 0)
                return TryParseConnection(options.ConnectionString, options.Container, out location, out error);
            error = "ConnectionString says it all: leave Endpoint and Sas away";
            return false;
        }

        if (options.Endpoint is not { } service)
        {
            error = "ConnectionString or Endpoint is needed";
            return false;
        }

        var sas = options.Sas.TrimStart('?');
        error = FaultOrNull(service)
            ?? (sas.Length == 0 && service.Scheme != "https" ? "an Azure identity is only shown over https" : null)
            ?? (sas.Length > 0 && !IsSignature(sas) ? "Sas is no shared access signature: it has no sig=" : null);
        if (error is not null)
            return false;

        location = new BlobLocation(service, options.Container, null, sas.Length == 0 ? null : sas);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Container.AbsoluteUri;

    private static bool TryParseConnection(
        string text, string container, [NotNullWhen(true)] out BlobLocation? location, [NotNullWhen(false)] out string? error)
    {
        location = null;
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // Keys and signatures end with '=' themselves.
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || !parts.TryAdd(part[..at], part[(at + 1)..]))
            {
                error = "ConnectionString is not a list of Name=Value;… with each name once";
                return false;
            }
        }

        if (parts.TryGetValue("UseDevelopmentStorage", out var development)
            && development.Equals("true", StringComparison.OrdinalIgnoreCase))
        {
            var host = parts.GetValueOrDefault("DevelopmentStorageProxyUri", "http://127.0.0.1").TrimEnd('/');
            parts["BlobEndpoint"] = $"{host}:10000/{DevelopmentAccount}";
            parts["AccountName"] = DevelopmentAccount;
            parts["AccountKey"] = DevelopmentKey;
        }

        var account = parts.GetValueOrDefault("AccountName", "");
        var endpoint = parts.GetValueOrDefault("BlobEndpoint")
            ?? (account.Length == 0 ? "" : $"{parts.GetValueOrDefault("DefaultEndpointsProtocol", "https")}://{account}.blob."
                + parts.GetValueOrDefault("EndpointSuffix", "core.windows.net"));
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var service))
        {
            error = "ConnectionString names no AccountName and no valid BlobEndpoint";
            return false;
        }

        error = FaultOrNull(service);
        if (error is not null)
            return false;

        if (parts.TryGetValue("SharedAccessSignature", out var sas))
        {
            sas = sas.TrimStart('?');
            error = IsSignature(sas) ? null : "ConnectionString's SharedAccessSignature has no sig=";
            if (error is not null)
                return false;
            location = new BlobLocation(service, container, null, sas);
            return true;
        }

        var key = new byte[128];
        if (account.Length == 0
            || !Convert.TryFromBase64String(parts.GetValueOrDefault("AccountKey", "-"), key, out var written)
            || written == 0)
        {
            error = "ConnectionString needs AccountName with an AccountKey in base64, or a SharedAccessSignature";
            return false;
        }

        location = new BlobLocation(service, container, new SharedKey(account, key[..written]), null);
        return true;
    }

    private static bool IsSignature(string sas) =>
        sas.Split('&').Any(static part => part.StartsWith("sig=", StringComparison.Ordinal));

    private static string? FaultOrNull(Uri service) =>
        service.Scheme is "http" or "https" && service.Query.Length == 0 && service.UserInfo.Length == 0
            && service.Fragment.Length == 0
            ? null
            : "the blob endpoint must be http(s)://host[:port][/account], without a query or login";
}
