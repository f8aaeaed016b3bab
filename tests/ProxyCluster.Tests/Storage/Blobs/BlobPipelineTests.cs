using System.Net;
using Azure.Core;
using Azure.Identity;
using ProxyCluster.Storage;
using ProxyCluster.Storage.Blobs;

namespace ProxyCluster.Tests.Storage.Blobs;

/// <summary>What is sent, seen where it would leave the process.</summary>
public sealed class BlobPipelineTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Send_WithAKey_SignsWhatTheServiceDocuments()
    {
        // HMAC-SHA256 over the canonical form that Microsoft Learn describes, worked out by hand for this request.
        using var handler = new ScriptedHandler().Answer(HttpStatusCode.Created);
        var client = Client(new BlobStoreOptions { ConnectionString = "AccountName=acct;AccountKey=c2VjcmV0LWtleQ==" }, handler);

        await client.PutBlockAsync("a+b/@v/x y", "QUE=", new byte[5], Cancel);

        var (_, uri, request, _) = Assert.Single(handler.Seen);
        var own = request.Headers.Where(header => header.Key.StartsWith("x-ms-", StringComparison.OrdinalIgnoreCase))
            .Select(header => $"{header.Key.ToLowerInvariant()}:{string.Join(',', header.Value)}\n").Order(StringComparer.Ordinal);
        var text = "PUT\n\n\n5\n\n\n\n\n\n\n\n\n" + string.Concat(own) + "/acct/modules/a%2Bb/%40v/x%20y\nblockid:QUE=\ncomp:block";
        var expected = System.Security.Cryptography.HMACSHA256.HashData("secret-key"u8, System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Equal("https://acct.blob.core.windows.net/modules/a%2Bb/%40v/x%20y?comp=block&blockid=QUE%3D", uri.AbsoluteUri);
        Assert.Equal("SharedKey acct:" + Convert.ToBase64String(expected), Assert.Single(request.Headers.GetValues("Authorization")));
        Assert.Contains("x-ms-date:", string.Concat(own), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_WithASignature_AddsItOnceEvenWhenRetried()
    {
        using var handler = new ScriptedHandler().BreakBefore(static _ => true).Answer(HttpStatusCode.Created);
        var options = new BlobStoreOptions { Endpoint = new Uri("https://acct.example.org"), Sas = "?sv=1&sig=s%2B", RetryPause = TimeSpan.FromMilliseconds(1) };

        await Client(options, handler).PutBlockAsync("a", "QUE=", new byte[1], Cancel);

        Assert.Equal(2, handler.Seen.Count);
        Assert.All(handler.Seen, call => Assert.EndsWith("?comp=block&blockid=QUE%3D&sv=1&sig=s%2B", call.Uri.AbsoluteUri, StringComparison.Ordinal));
        Assert.All(handler.Seen, call => Assert.False(call.Request.Headers.Contains("Authorization")));
    }

    [Fact]
    public async Task Send_WithAnIdentity_ShowsItsTokenForStorage()
    {
        using var handler = new ScriptedHandler().Answer(HttpStatusCode.Created);
        var identity = new Identity(static () => new AccessToken("token-1", DateTimeOffset.MaxValue));

        await Client(new BlobStoreOptions { Endpoint = new Uri("https://acct.example.org") }, handler, identity).CreateContainerAsync(Cancel);

        Assert.Equal("Bearer token-1", Assert.Single(handler.Seen).Request.Headers.Authorization!.ToString());
        Assert.Equal("https://storage.azure.com/.default", Assert.Single(identity.Scopes));
    }

    [Fact]
    public async Task Send_IdentityThatCannotBeHad_IsSaidInOneLine()
    {
        using var handler = new ScriptedHandler();
        var identity = new Identity(static () => throw new AuthenticationFailedException("no managed identity here\nand many more lines"));
        var client = Client(new BlobStoreOptions { Endpoint = new Uri("https://acct.example.org") }, handler, identity);

        var e = await Assert.ThrowsAsync<StoreException>(() => client.CreateContainerAsync(Cancel));

        Assert.Equal("https://acct.example.org/modules did not answer: no managed identity here", e.Message);
        Assert.Empty(handler.Seen);
    }

    private static BlobClient Client(BlobStoreOptions options, ScriptedHandler handler, TokenCredential? identity = null)
    {
        Assert.True(BlobLocation.TryParse(options, out var location, out var error), error);
        return new BlobClient(BlobPipeline.Build(location, options, TimeProvider.System, handler.Transport, identity), location.Container);
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
