using ProxyCluster.GoModules.Notes;

namespace ProxyCluster.GoModules.Tests.Notes;

/// <summary>What is said of a note or a key that is none: one sentence each, so that each check is seen to be the one that spoke.</summary>
public sealed class FaultTests
{
    private const string Line = "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    private const string NoLines = "the note has no signature lines after a blank line, or does not end with a newline";
    private const string NoSignature = "the note has a line among its signatures that is none";
    private const string Unknown = "the note has no signature by a known key";

    [Theory]
    [InlineData("te\txt\n\n" + Line, "the note holds a control character")]
    [InlineData("text\n", NoLines)]
    [InlineData("text\n\n", NoLines)]
    [InlineData("text\n\n\u2014 PeterNeumann AAAAAAAA", NoLines)]
    [InlineData("text\n\nPeterNeumann AAAAAAAA\n", NoSignature)]
    [InlineData("text\n\n\u2014 PeterNeumann\n", NoSignature)]
    [InlineData("text\n\n\u2014  AAAAAAAA\n", NoSignature)]
    [InlineData("text\n\n\u2014 Peter+Neumann AAAAAAAA\n", NoSignature)]
    [InlineData("text\n\n\u2014 Peter\u00a0Neumann AAAAAAAA\n", NoSignature)]
    [InlineData("text\n\n\u2014 PeterNeumann AAAAAA==\n", NoSignature)]
    [InlineData("text\n\n\u2014 PeterNeumann x08go/ZJ!\n", NoSignature)]
    [InlineData("text\n\n\u2014 PeterNeumann AAAA AAAA\n", NoSignature)]
    [InlineData("text\n\n\u2014 PeterNeumann AAAAAAAA\n", Unknown)] // the name of a known key, and another one's hash
    [InlineData("text\n\n" + Line, "the note's signature by PeterNeumann is wrong")]
    public void Note_ThatProvesNothing_SaysWhy(string message, string expected)
    {
        Assert.False(SignedNote.TryOpen(message, [NoteVectors.Peter], out _, out var error));
        Assert.Equal(expected, error);
    }

    // Attributes cannot hold half of a pair.
    [Fact]
    public void Text_WithHalfOfASurrogatePair_IsNoneAndNoName()
    {
        Assert.False(SignedNote.TryOpen("t\ud800t\n\n" + Line, [NoteVectors.Peter], out _, out var error));
        Assert.Equal("the note is not Unicode text", error);
        Assert.Throws<ArgumentException>(static () => VerifierKey.Create("a\ud800", NoteVectors.Peter.PublicKey));
    }

    [Fact]
    public void Note_OfAnEmptyLine_IsOne()
    {
        Assert.True(SignedNote.TryOpen(SignedNote.Sign("\n", NoteVectors.PeterSigner), [NoteVectors.Peter], out var note, out _));
        Assert.Equal("\n", note.Text);
    }

    [Fact]
    public void Note_WithTooManySignatures_SaysSo()
    {
        Assert.False(SignedNote.TryOpen("text\n\n" + string.Concat(Enumerable.Repeat(Line, 101)), [NoteVectors.Peter], out _, out var error));
        Assert.Equal("the note has more than 100 signatures", error);
    }

    [Theory]
    [InlineData("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "the signer key has not the form PRIVATE+KEY+name+hash+key")]
    [InlineData("AAAAAAAAAAAAPeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz", "the signer key has not the form PRIVATE+KEY+name+hash+key")]
    [InlineData("PRIVATE+KEY+Peter Neumann+c74f20a3+AYEK", "the signer key has an empty name or one with a space")]
    [InlineData("PRIVATE+KEY+PeterNeumann+c74f20a+AYEK", "the signer key has a key hash that is not 8 hexadecimal digits")]
    [InlineData("PRIVATE+KEY+PeterNeumann+c74f20ax+AYEK", "the signer key has a key hash that is not 8 hexadecimal digits")]
    [InlineData("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEK!", "the signer key's secret is not base64")]
    [InlineData("PRIVATE+KEY+PeterNeumann+c74f20a3+ZYEK", "the signer key uses algorithm 101, and only 1 (Ed25519) is known")]
    [InlineData("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEK", "the signer key's secret has 2 bytes instead of 32")]
    [InlineData("PRIVATE+KEY+PeterNeumann+c74f20a4+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz", "the signer key has a key hash that does not fit its name and secret")]
    public void SignerKey_ThatIsNone_SaysWhy(string text, string expected)
    {
        Assert.False(SignerKey.TryParse(text, out _, out var error));
        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData("PeterNeumann+c74f20a3", "has not the form name+hash+key")]
    [InlineData("+c74f20a3+ARpc", "has an empty name or one with a space")]
    [InlineData("PeterNeumann+c74f20a+ARpc", "has a key hash that is not 8 hexadecimal digits")]
    [InlineData("PeterNeumann+c74f20a3+!", "has a key that is not base64")]
    [InlineData("PeterNeumann+c74f20a3+Ahpc", "uses algorithm 2, and only 1 (Ed25519) is known")]
    [InlineData("PeterNeumann+c74f20a3+ARpc", "has 2 key bytes instead of 32")]
    [InlineData("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "has a key hash that does not fit its name and key")]
    public void VerifierKey_ThatIsNone_SaysWhy(string text, string expected)
    {
        Assert.False(VerifierKey.TryParse(text, out _, out var error));
        Assert.Equal($"verifier key \"{text}\" {expected}", error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a+b")]
    public void VerifierKey_UnderANameThatIsNone_IsNotMade(string name) =>
        Assert.StartsWith("a key's name is not empty", Assert.Throws<ArgumentException>(() => VerifierKey.Create(name, NoteVectors.Peter.PublicKey)).Message, StringComparison.Ordinal);

    [Fact]
    public void Keys_OfAnotherLength_AreNotTaken()
    {
        Assert.StartsWith("an Ed25519 public key has 32 bytes", Assert.Throws<ArgumentException>(() => VerifierKey.Create("a", new byte[31])).Message, StringComparison.Ordinal);
        Assert.StartsWith("an Ed25519 seed has 32 bytes, not 33", Assert.Throws<ArgumentException>(() => SignerKey.FromSeed("a", new byte[33])).Message, StringComparison.Ordinal);
        Assert.StartsWith("a note's text ends with a newline", Assert.Throws<ArgumentException>(() => SignedNote.Sign("a\tb\n", NoteVectors.PeterSigner)).Message, StringComparison.Ordinal);
        Assert.False(Ed25519.Verify(new byte[31], [], new byte[64]));
    }

    [Fact]
    public void VerifierKeys_AreEqualByNameAndKey()
    {
        var peter = VerifierKey.Create("PeterNeumann", NoteVectors.Peter.PublicKey);
        Assert.Equal(NoteVectors.Peter, peter);
        Assert.Equal(NoteVectors.Peter.GetHashCode(), peter.GetHashCode());
        Assert.NotEqual(NoteVectors.Peter, VerifierKey.Create("Peter\ufffd", NoteVectors.Peter.PublicKey));
        Assert.NotEqual(NoteVectors.Peter, VerifierKey.Create("PeterNeumann", NoteVectors.Enoch.PublicKey));
        Assert.False(peter.Equals(null));
        Assert.Equal("PeterNeumann+c74f20a3", NoteVectors.PeterSigner.ToString());
    }
}
