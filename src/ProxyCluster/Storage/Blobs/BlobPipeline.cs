using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;

namespace ProxyCluster.Storage.Blobs;

/// <summary>
/// Builds the pipeline that blob calls go through: Azure.Core's client request ids, retries and diagnostics around the
/// authorization that the options ask for. Azure.Storage.Blobs was the road not taken: the store needs ten calls of it.
/// </summary>
internal static class BlobPipeline
{
    private const string Scope = "https://storage.azure.com/.default";

    private sealed class Options : ClientOptions;

    /// <param name="location">The container and the right to use it.</param>
    /// <param name="options">Timeouts and retries.</param>
    /// <param name="clock">Dates the signatures, and tells how long a Retry-After date is away.</param>
    /// <param name="transport">What sends; null for the network.</param>
    /// <param name="identity">Who we are where neither key nor signature is given; null for the process's Azure identity.</param>
    public static HttpPipeline Build(
        BlobLocation location,
        BlobStoreOptions options,
        TimeProvider clock,
        HttpPipelineTransport? transport = null,
        TokenCredential? identity = null)
    {
        var client = new Options
        {
            Transport = transport ?? new HttpClientTransport(new HttpClient(NewHandler(options)) { Timeout = Timeout.InfiniteTimeSpan }),
            RetryPolicy = new BlobRetryPolicy(options, clock),
        };
        client.Retry.NetworkTimeout = options.NetworkTimeout;
        client.Diagnostics.ApplicationId = "proxycluster";
        client.Diagnostics.IsLoggingContentEnabled = false;
        foreach (var name in (ReadOnlySpan<string>)["comp", "restype"])
            client.Diagnostics.LoggedQueryParameters.Add(name);
        foreach (var name in (ReadOnlySpan<string>)["x-ms-version", "x-ms-error-code", "x-ms-blob-type"])
            client.Diagnostics.LoggedHeaderNames.Add(name);

        HttpPipelinePolicy[] perCall = location.Sas is { } sas ? [new SasPolicy(sas)] : [];
        HttpPipelinePolicy[] perRetry = location switch
        {
            { Key: { } key } => [new SharedKeyPolicy(key, clock)],
            { Sas: not null } => [],
            _ => [new BearerTokenAuthenticationPolicy(identity ?? OwnIdentity(options), Scope)],
        };
        return HttpPipelineBuilder.Build(client, perCall, perRetry, new ResponseClassifier());
    }

    private static SocketsHttpHandler NewHandler(BlobStoreOptions options) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = options.NetworkTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), // accounts move; their names are looked up again
    };

    private static DefaultAzureCredential OwnIdentity(BlobStoreOptions options) => new(new DefaultAzureCredentialOptions
    {
        ManagedIdentityClientId = options.ManagedIdentityClientId.Length == 0 ? null : options.ManagedIdentityClientId,
        ExcludeInteractiveBrowserCredential = true,
    });
}
