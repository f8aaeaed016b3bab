using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;
using ProxyCluster.Sockets;

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
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoMGGw==";

    // Nothing newer is needed, and every emulator of the last years takes it; the package's own choice is too new for most.
    internal const BlobClientOptions.ServiceVersion Version = BlobClientOptions.ServiceVersion.V2021_12_02;

    private readonly BlobStoreOptions _options;

    private BlobLocation(Uri service, BlobStoreOptions options)
    {
        Container = ContainerOf(service, options.Container);
        _options = options;
    }

    /// <summary>The container's URL, without any query.</summary>
    public Uri Container { get; }

    /// <summary>Reads the options; otherwise says in one sentence what is wrong with them.</summary>
    public static bool TryParse(
        BlobStoreOptions options, [NotNullWhen(true)] out BlobLocation? location, [NotNullWhen(false)] out string? error)
    {
        var service = options.Endpoint;
        error = options.ConnectionString.Length > 0 ? FaultOfConnectionOrNull(options, ref service) : FaultOfEndpointOrNull(options);
        error ??= FaultOrNull(service!, options.Container);
        location = error is null ? new BlobLocation(service!, options) : null;
        return location is not null;
    }

    /// <summary>The package's client; it holds no connection before it is used.</summary>
    /// <param name="transport">What sends; null for the network.</param>
    /// <param name="identity">Who we are where neither key nor signature is given; null for the process's Azure identity.</param>
    public BlobContainerClient Open(HttpPipelineTransport? transport = null, TokenCredential? identity = null)
    {
        var client = new BlobClientOptions(Version)
        {
            Transport = transport ?? new HttpClientTransport(new HttpClient(NewHandler()) { Timeout = Timeout.InfiniteTimeSpan }),
            RetryPolicy = new BlobRetryPolicy(_options),
        };
        client.Retry.NetworkTimeout = _options.NetworkTimeout;
        client.Diagnostics.ApplicationId = "proxycluster";
        client.AddPolicy(new RefusalWithoutBody(), HttpPipelinePosition.PerRetry);

        // Digests of our own prove more; and Azurite would store the frame of a checksum as content.
        client.TransferValidation.Upload.ChecksumAlgorithm = StorageChecksumAlgorithm.None;
        client.TransferValidation.Download.ChecksumAlgorithm = StorageChecksumAlgorithm.None;
        return _options switch
        {
            { ConnectionString.Length: > 0 } => new(_options.ConnectionString, _options.Container, client),
            { Sas.Length: > 0 } => new(Container, new AzureSasCredential(_options.Sas), client),
            _ => new(Container, identity ?? OwnIdentity(), client),
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Container.AbsoluteUri;

    private static string? FaultOfConnectionOrNull(BlobStoreOptions options, ref Uri? service)
    {
        if (options.Endpoint is not null || options.Sas.Length > 0)
            return "ConnectionString says it all: leave Endpoint and Sas away";

        BlobServiceClient client;
        try
        {
            client = new BlobServiceClient(options.ConnectionString);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return "ConnectionString is not a list of Name=Value;… with AccountName and an AccountKey in base64, or with "
                + "BlobEndpoint and a SharedAccessSignature";
        }

        // The package takes more than would work. A signature becomes the URL's query, where nothing else belongs.
        service = client.Uri;
        if (client.CanGenerateAccountSasUri)
            return null;
        if (!IsSignature(service.Query))
            return "ConnectionString has no AccountKey, and no SharedAccessSignature with a sig=";
        service = new Uri(service.GetLeftPart(UriPartial.Path));
        return null;
    }

    private static string? FaultOfEndpointOrNull(BlobStoreOptions options) => options switch
    {
        { Endpoint: null } => "ConnectionString or Endpoint is needed",
        { Sas: "", Endpoint.Scheme: not "https" } => "an Azure identity is only shown over https",
        { Sas: not "" } when !IsSignature(options.Sas) => "Sas is no shared access signature: it has no sig=",
        _ => null,
    };

    private static bool IsSignature(string sas) =>
        sas.TrimStart('?').Split('&').Any(static part => part.StartsWith("sig=", StringComparison.Ordinal));

    private static string? FaultOrNull(Uri service, string container) =>
        service.Scheme is not ("http" or "https") || service.Query.Length + service.UserInfo.Length + service.Fragment.Length > 0
            ? "the blob endpoint must be http(s)://host[:port][/account], without a query or login"
            // The package would drop the account from the path, and ask another one.
            : new BlobUriBuilder(ContainerOf(service, container)).BlobContainerName != container
                ? "a blob endpoint with /account must name its host by an IPv4 address, or use the emulator's port 10000"
                : null;

    private static Uri ContainerOf(Uri service, string container) => new($"{service.AbsoluteUri.TrimEnd('/')}/{container}");

    private SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = _options.NetworkTimeout,
        ConnectCallback = OutgoingConnection.ConnectAsync,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), // accounts move; their names are looked up again
    };

    private DefaultAzureCredential OwnIdentity() => new(new DefaultAzureCredentialOptions
    {
        ManagedIdentityClientId = _options.ManagedIdentityClientId.Length == 0 ? null : _options.ManagedIdentityClientId,
        ExcludeInteractiveBrowserCredential = true,
    });
}
