using System.Text;

namespace Kavalek.Auth.Tests;

public sealed class BcryptTests
{
    static readonly Bcrypt Bcrypt = Bcrypt.Load();

    // Published with the algorithm's reference code.
    [Theory]
    [InlineData("", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy")]
    [InlineData("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK")]
    public void The_published_hashes_verify(string phrase, string hash)
    {
        Assert.True(Bcrypt.Verify(Encoding.ASCII.GetBytes(phrase), hash));
        Assert.False(Bcrypt.Verify(Encoding.ASCII.GetBytes(phrase + "x"), hash));
    }

    [Fact]
    public void A_hash_has_a_salt_of_its_own_and_verifies_only_its_phrase()
    {
        byte[] phrase = Encoding.ASCII.GetBytes("correct horse battery staple");
        string hash = Bcrypt.Hash(phrase, 10), again = Bcrypt.Hash(phrase, 10);
        Assert.StartsWith("$2b$10$", hash, StringComparison.Ordinal);
        Assert.Equal(Bcrypt.HashCharacters, hash.Length);
        Assert.NotEqual(hash, again);
        Assert.True(Bcrypt.Verify(phrase, hash));
        Assert.True(Bcrypt.Verify(phrase, again));
    }

    [Fact]
    public void What_bcrypt_would_not_read_to_the_end_is_refused() // K-03
    {
        Assert.Throws<ArgumentException>(() => Bcrypt.Hash(new byte[73], 10));
        Assert.Throws<ArgumentException>(() => Bcrypt.Hash("ab\0cd"u8, 10));
    }

    [Theory]
    [InlineData("")]
    [InlineData("*0")]
    [InlineData("$2b$10$")]
    [InlineData("$1$abcdefgh$aaaaaaaaaaaaaaaaaaaaaa")]
    public void A_stored_value_that_is_no_bcrypt_hash_verifies_nothing(string hash) => Assert.False(Bcrypt.Verify("x"u8, hash));
}
