using System.Security.Cryptography;
using ProxyCluster.GoModules.Notes;

namespace ProxyCluster.GoModules.Tests.Notes;

public class KeyTests
{
    public static TheoryData<string> Verifiers =>
        [.. NoteVectors.Root["verifier_keys"]!.AsObject().Select(pair => pair.Value!.GetValue<string>())];

    public static TheoryData<string> BadVerifiers =>
        [.. NoteVectors.Root["bad_verifier_keys"]!.AsObject().Select(pair => pair.Value!.GetValue<string>())];

    [Theory]
    [MemberData(nameof(Verifiers))]
    public void VerifierKey_KnownKey_RoundTrips(string text)
    {
        Assert.True(VerifierKey.TryParse(text, out var key, out var error), error);
        Assert.Equal(text, key.ToString());
        Assert.Equal(text[..text.IndexOf('+', StringComparison.Ordinal)], key.Name);
    }

    [Theory]
    [MemberData(nameof(BadVerifiers))]
    [InlineData("")]
    [InlineData("PeterNeumann")]
    [InlineData("PeterNeumann+c74f20a3")]
    [InlineData("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("PeterNeumenn+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("PeterNeumann+0c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW ")]
    [InlineData("PeterNeumann+c74f20a3+")]
    [InlineData("PeterNeumann+c74f20a3+AQ==")]
    public void VerifierKey_BadText_IsRefusedWithASentence(string text)
    {
        Assert.False(VerifierKey.TryParse(text, out var key, out var error));
        Assert.Null(key);
        Assert.NotEmpty(error);
    }

    [Fact]
    public void SignerKey_KnownKey_GivesItsVerifierAndRoundTrips()
    {
        Assert.Equal(NoteVectors.Peter, NoteVectors.PeterSigner.Verifier);
        Assert.Equal(NoteVectors.Enoch, NoteVectors.EnochSigner.Verifier);
        Assert.Equal(NoteVectors.Localhost, NoteVectors.LocalhostSigner.Verifier);
        Assert.Equal(NoteVectors.Text("signer_keys_test_only", "PeterNeumann"), NoteVectors.PeterSigner.ToPrivateText());
        Assert.DoesNotContain("AYEKFALVFGyNh", NoteVectors.PeterSigner.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("PRIVATE+KEY+PeterNeumann+c74f20a4+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")]
    [InlineData("PRIVATE+KEY+PeterNeumann+c74f20a3+ZYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")]
    [InlineData("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFA==")]
    public void SignerKey_BadText_IsRefusedWithoutTheSecret(string text)
    {
        Assert.False(SignerKey.TryParse(text, out _, out var error));
        Assert.DoesNotContain("EKFA", error, StringComparison.Ordinal);
    }

    [Fact]
    public void SignerKey_Generated_SignsWhatItsVerifierAccepts()
    {
        var signer = SignerKey.Generate("example.org/log");
        Assert.True(SignerKey.TryParse(signer.ToPrivateText(), out var again, out _));
        Assert.Equal(signer.Verifier, again.Verifier);
        Assert.NotEqual(signer.Verifier, SignerKey.Generate("example.org/log").Verifier);
        var signature = again.Sign("message"u8);
        Assert.True(signer.Verifier.Verify("message"u8, signature));
        Assert.False(signer.Verifier.Verify("messagE"u8, signature));
        Assert.False(signer.Verifier.Verify("message"u8, signature.AsSpan(1)));
    }

    [Fact]
    public void Ed25519_Rfc8032FirstTestVector_Holds()
    {
        // RFC 8032 §7.1, TEST 1: an empty message.
        var seed = Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        var key = Convert.FromHexString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        var signature = Convert.FromHexString(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");

        Assert.Null(Ed25519.UnavailableBecause);
        Assert.Equal(key, Ed25519.PublicKey(seed));
        Assert.Equal(signature, Ed25519.Sign(seed, []));
        Assert.True(Ed25519.Verify(key, [], signature));
        Assert.False(Ed25519.Verify(key, [0], signature));
        Assert.Throws<ArgumentException>(() => Ed25519.Sign(seed.AsSpan(1), []));
    }

    [Fact]
    public void Ed25519_ManyThreads_AgreeAndLeaveOpenSslUsable()
    {
        var signer = NoteVectors.PeterSigner;
        Parallel.For(0, 2000, i =>
        {
            byte[] message = [(byte)i, (byte)(i >> 8)];
            var signature = signer.Sign(message);
            Assert.True(signer.Verifier.Verify(message, signature));
            signature[i % 64] ^= 1;
            Assert.False(signer.Verifier.Verify(message, signature));
            Assert.Equal(32, SHA256.HashData(message).Length);
        });
    }
}
