using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// Signs each attempt of a request with the account's key (Microsoft Learn, "Authorize with Shared Key", version
/// 2015-02-21 and later). Each attempt, because the signed date must be fresh.
/// </summary>
internal sealed class SharedKeyPolicy(SharedKey key, TimeProvider clock) : HttpPipelineSynchronousPolicy
{
    // In the order in which they are signed after Content-Length. The empty one is Date, for which x-ms-date stands in.
    private static readonly string[] SignedAfterLength =
        ["Content-MD5", "Content-Type", "", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"];

    /// <inheritdoc/>
    public override void OnSendingRequest(HttpMessage message)
    {
        var request = message.Request;
        request.Headers.SetValue("x-ms-date", clock.GetUtcNow().ToString("R", CultureInfo.InvariantCulture));
        var signature = HMACSHA256.HashData(key.Key, Encoding.UTF8.GetBytes(StringToSign(key.Account, request)));
        request.Headers.SetValue("Authorization", $"SharedKey {key.Account}:{Convert.ToBase64String(signature)}");
    }

    /// <summary>The canonical form of a request; pure.</summary>
    internal static string StringToSign(string account, Request request)
    {
        var text = new StringBuilder(512).Append(request.Method.Method).Append('\n');

        // 1. Standard headers, one line each. A length of zero is left empty.
        Line("Content-Encoding");
        Line("Content-Language");
        if (request.Content is { } content && content.TryComputeLength(out var length) && length > 0)
            text.Append(CultureInfo.InvariantCulture, $"{length}");
        text.Append('\n');
        foreach (var name in SignedAfterLength)
            Line(name);

        // 2. Headers of the service, sorted.
        var own = request.Headers
            .Select(static header => (Name: header.Name.ToLowerInvariant(), header.Value))
            .Where(static header => header.Name.StartsWith("x-ms-", StringComparison.Ordinal))
            .OrderBy(static header => header.Name, StringComparer.Ordinal);
        foreach (var (name, value) in own)
            text.Append(name).Append(':').Append(value.Trim()).Append('\n');

        // 3. The account, the path as it is sent, and the decoded query parameters, sorted.
        var uri = request.Uri.ToUri();
        text.Append('/').Append(account).Append(uri.AbsolutePath);
        var parameters = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(static pair => pair.Split('=', 2))
            .Select(static pair => (Name: Decode(pair[0]).ToLowerInvariant(), Value: pair.Length == 2 ? Decode(pair[1]) : ""))
            .GroupBy(static pair => pair.Name, StringComparer.Ordinal)
            .OrderBy(static group => group.Key, StringComparer.Ordinal);
        foreach (var group in parameters)
        {
            text.Append('\n').Append(group.Key).Append(':')
                .AppendJoin(',', group.Select(static pair => pair.Value).Order(StringComparer.Ordinal));
        }

        return text.ToString();

        void Line(string name)
        {
            if (name.Length > 0 && request.Headers.TryGetValue(name, out var value))
                text.Append(value);
            text.Append('\n');
        }
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text);
}
