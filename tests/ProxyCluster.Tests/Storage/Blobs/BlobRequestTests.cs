using System.Net;
using Azure;
using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using ProxyCluster.Storage;
using ProxyCluster.Storage.Blobs;

namespace ProxyCluster.Tests.Storage.Blobs;

/// <summary>What is sent, seen where it would leave the process.</summary>
public sealed class BlobRequestTests
{
    private const string Key = "AccountName=acct;AccountKey=c2VjcmV0LWtleQ==";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Send_Bytes_NamesAnOldVersionAndAddsNoChecksum()
    {
        using var handler = new ScriptedHandler().Answer(HttpStatusCode.Created).Answer(HttpStatusCode.Created);
        var blob = Client(new BlobStoreOptions { ConnectionString = Key }, handler).GetBlockBlobClient("a+b/@v/x y");

        await blob.StageBlockAsync("QUE=", new MemoryStream([1]), null, Cancel);
        await blob.UploadAsync(new MemoryStream([1]), null, Cancel);

        Assert.Equal(
            ["https://acct.blob.core.windows.net/modules/a%2Bb/%40v/x%20y?comp=block&blockid=QUE%3D", "https://acct.blob.core.windows.net/modules/a%2Bb/%40v/x%20y"],
            handler.Seen.Select(call => call.Uri.AbsoluteUri));
        Assert.All(handler.Seen, call => Assert.Equal("2021-12-02", Assert.Single(call.Request.Headers.GetValues("x-ms-version"))));
        Assert.All(handler.Seen, call => Assert.Equal("SharedKey", call.Request.Headers.Authorization!.Scheme));
        Assert.All(handler.Seen, call => Assert.DoesNotContain(
            call.Request.Headers.Concat(call.Request.Content!.Headers),
            header => header.Key.ToLowerInvariant() is "content-md5" or "x-ms-content-crc64" or "x-ms-structured-body"));
    }

    [Theory]
    [InlineData("", "https://acct.example.org", "?sv=1&sig=s%2B")]
    [InlineData("BlobEndpoint=https://acct.example.org;SharedAccessSignature=sv=1&sig=s%2B", null, "")]
    public async Task Send_WithASignature_AddsItOnceEvenWhenRetried(string connection, string? endpoint, string sas)
    {
        using var handler = new ScriptedHandler().BreakBefore(static _ => true).Answer(HttpStatusCode.Created);
        var options = new BlobStoreOptions
        {
            ConnectionString = connection,
            Endpoint = endpoint is null ? null : new Uri(endpoint),
            Sas = sas,
            RetryPause = TimeSpan.FromMilliseconds(1),
        };
        var client = Client(options, handler);

        await client.GetBlockBlobClient("a").UploadAsync(new MemoryStream([1]), null, Cancel);

        Assert.Equal(2, handler.Seen.Count);
        Assert.All(handler.Seen, call => Assert.Equal("https://acct.example.org/modules/a?sv=1&sig=s%2B", call.Uri.AbsoluteUri));
        Assert.All(handler.Seen, call => Assert.False(call.Request.Headers.Contains("Authorization")));
        Assert.Equal("https://acct.example.org/modules", BlobCall.NameOf(client));
    }

    [Fact]
    public async Task Send_WithAnIdentity_ShowsItsTokenForStorage()
    {
        using var handler = new ScriptedHandler().Answer(HttpStatusCode.Created);
        var identity = new Identity(static () => new AccessToken("token-1", DateTimeOffset.MaxValue));

        await Client(new BlobStoreOptions { Endpoint = new Uri("https://acct.example.org") }, handler, identity).CreateAsync(cancellationToken: Cancel);

        Assert.Equal("Bearer token-1", Assert.Single(handler.Seen).Request.Headers.Authorization!.ToString());
        Assert.Equal("https://storage.azure.com/.default", Assert.Single(identity.Scopes));
    }

    [Fact]
    public async Task Send_IdentityThatCannotBeHad_IsSaidInOneLine()
    {
        using var handler = new ScriptedHandler();
        var identity = new Identity(static () => throw new AuthenticationFailedException("no managed identity here\nand many more lines"));
        var client = Client(new BlobStoreOptions { Endpoint = new Uri("https://acct.example.org") }, handler, identity);

        var e = await Assert.ThrowsAsync<StoreException>(() => client.AskAsync(client.CreateAsync(cancellationToken: Cancel), Cancel));

        Assert.Equal("https://acct.example.org/modules did not answer: no managed identity here", e.Message);
        Assert.Empty(handler.Seen);
    }

    [Fact]
    public async Task Send_RefusalWithAText_IsNotQuotedAndKeepsItsStatus()
    {
        using var handler = new ScriptedHandler().Answer(HttpStatusCode.Forbidden, "AuthenticationFailed", "x-ms-error-code", "<Error>hush</Error>");
        var client = Client(new BlobStoreOptions { ConnectionString = Key }, handler);

        var e = await Assert.ThrowsAsync<RequestFailedException>(() => client.CreateAsync(cancellationToken: Cancel));

        Assert.DoesNotContain("hush", e.ToString(), StringComparison.Ordinal);
        Assert.Equal(new BlobStatus(403, "AuthenticationFailed"), BlobStatus.OfOrNull(e));
    }

    private static BlobContainerClient Client(BlobStoreOptions options, ScriptedHandler handler, TokenCredential? identity = null)
    {
        Assert.True(BlobLocation.TryParse(options, out var location, out var error), error);
        return location.Open(handler.Transport, identity);
    }

    private sealed class Identity(Func<AccessToken> get) : TokenCredential
    {
        public List<string> Scopes { get; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Scopes.AddRange(requestContext.Scopes);
            return get();
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(GetToken(requestContext, cancellationToken));
    }
}
